import { freePort } from "./ports.ts";
import { lastWords, startProcess } from "./process.ts";
import { until } from "./wait.ts";

/** What is read of Zipkin's v2 spans. */
export type ZipkinSpan = {
  readonly traceId: string;
  readonly id: string;
  readonly parentId?: string;
  readonly name: string;
  readonly localEndpoint?: { readonly serviceName?: string };
  readonly tags?: Readonly<Record<string, string>>;
};

/** A real Zipkin that keeps traces in memory. */
export type Zipkin = AsyncDisposable & {
  /** The variables that send a program's traces there, soon after they end. */
  readonly env: Readonly<Record<string, string>>;
  /** The newest traces that the service took part in. */
  traces(service: string): Promise<readonly (readonly ZipkinSpan[])[]>;
};

/** Why tests of Zipkin are passed over here; false where there is one to start. */
export const lacksZipkin: string | false = process.env["WEIR_ZIPKIN"] ? false : "npm run test:zipkin gets Zipkin";

/** Starts one and waits until it is healthy. */
export async function startZipkin(): Promise<Zipkin> {
  const command = process.env["WEIR_ZIPKIN"];
  if (!command) throw new Error("WEIR_ZIPKIN does not name a Zipkin: run these tests with npm run test:zipkin");
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const server = startProcess({
    name: "zipkin",
    command,
    args: [
      ...[
        "-Xmx256m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "org.springframework.boot.loader.launch.JarLauncher",
      ],
      ...["--armeria.ports[0].ip=127.0.0.1", `--armeria.ports[0].port=${port}`, "--armeria.ports[0].protocols[0]=http"],
      "--logging.level.root=WARN",
    ],
    env: { QUERY_PORT: String(port), STORAGE_TYPE: "mem" },
  });
  const isHealthy = async () => (await fetch(`http://${address}/health`)).status === 200;
  await until(isHealthy, { within: 90_000, what: "Zipkin is healthy", everyMs: 200 }).catch(async (cause) => {
    await server.stop();
    throw new Error(lastWords(server), { cause });
  });
  return {
    env: {
      OTEL_TRACES_EXPORTER: "zipkin",
      OTEL_EXPORTER_ZIPKIN_ENDPOINT: `http://${address}/api/v2/spans`,
      OTEL_BSP_SCHEDULE_DELAY: "100",
    },
    async traces(service) {
      const answer = await fetch(`http://${address}/api/v2/traces?limit=100&serviceName=${service}`);
      return (await answer.json()) as readonly (readonly ZipkinSpan[])[];
    },
    [Symbol.asyncDispose]: server[Symbol.asyncDispose],
  };
}
