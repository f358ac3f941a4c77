import { join } from "node:path";
import { makeFolder } from "./folder.ts";
import { freePort } from "./ports.ts";
import { lastWords, startProcess } from "./process.ts";
import { until } from "./wait.ts";

export type Series = {
  readonly metric: Readonly<Record<string, string>>;
  /** When, in seconds since 1970, and what. */
  readonly value: readonly [number, string];
};

/** A real Prometheus of a test's own. */
export type Prometheus = AsyncDisposable & {
  /** `host:port`. */
  readonly address: string;
  /** What a query answers now; fails with Prometheus's own words. */
  query(expr: string): Promise<readonly Series[]>;
  /** Any of its API's answers, under `data`. */
  api(path: string): Promise<unknown>;
};

/** Why tests of Prometheus are passed over here; false where there is one to start. */
export const lacksPrometheus: string | false = process.env["WEIR_PROMETHEUS"]
  ? false
  : "there is no Prometheus here; npm test unpacks Debian's, or name the folder of prometheus and promtool in WEIR_PROMETHEUS";

/** Starts one that scrapes every two seconds, and waits until it has loaded its rules and answers. */
export async function startPrometheus({
  jobs,
  rules,
}: {
  readonly jobs: readonly { readonly name: string; readonly targets: readonly string[]; readonly path?: string }[];
  readonly rules: readonly string[];
}): Promise<Prometheus> {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await makeFolder("prometheus"));
  const config = {
    global: { scrape_interval: "2s", scrape_timeout: "2s", evaluation_interval: "1s" },
    rule_files: rules,
    scrape_configs: jobs.map(({ name, targets, path = "/metrics" }) => ({
      ...{ job_name: name, metrics_path: path },
      static_configs: [{ targets }],
    })),
  };
  // JSON is YAML.
  const file = await folder.write("prometheus.yaml", JSON.stringify(config));
  const address = `127.0.0.1:${await freePort()}`;
  const process = starting.use(
    startProcess({
      name: "prometheus",
      command: join(folderOfPrograms(), "prometheus"),
      args: [
        ...[`--config.file=${file}`, `--storage.tsdb.path=${join(folder.path, "data")}`],
        ...[`--web.listen-address=${address}`, "--log.level=warn"],
      ],
    }),
  );
  const isReady = async () => (await fetch(`http://${address}/-/ready`)).status === 200;
  await until(isReady, { within: 30_000, what: "Prometheus is ready" }).catch((cause) => {
    throw new Error(lastWords(process), { cause });
  });
  const api = async (path: string) => {
    const answer = await fetch(`http://${address}${path}`, { signal: AbortSignal.timeout(10_000) });
    const body = (await answer.json()) as { readonly status: string; readonly error?: string; readonly data?: unknown };
    if (body.status !== "success") throw new Error(`prometheus: ${path} was answered ${body.error}`);
    return body.data;
  };
  const running = starting.move();
  return {
    address,
    api,
    async query(expr) {
      const data = await api(`/api/v1/query?query=${encodeURIComponent(expr)}`);
      return (data as { readonly result: readonly Series[] }).result;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function folderOfPrograms(): string {
  const path = process.env["WEIR_PROMETHEUS"];
  if (!path) throw new Error("WEIR_PROMETHEUS names no folder: run tests with npm test, which finds or unpacks one");
  return path;
}
