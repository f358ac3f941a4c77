import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { envoyBootstrap } from "../../../control-plane/src/bootstrap/envoy.ts";
import { startBackendProcess } from "../../kit/backend.ts";
import { consulPath } from "../../kit/consul.ts";
import { reportFromConsul, reportInHalves } from "../../kit/documents.ts";
import type { CallRecord } from "../../kit/echo.ts";
import { envoyPath } from "../../kit/envoy.ts";
import { makeFolder } from "../../kit/folder.ts";
import { type RunningProcess, startProcess } from "../../kit/process.ts";
import { until } from "../../kit/wait.ts";

const run = promisify(execFile);
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** How packets fare on their way: delayed by so much, lost by this chance, or all of them gone. */
export type Way = { readonly delayMs?: number; readonly loss?: number; readonly cut?: boolean };

/** Weir, an Envoy edge, Consul and backends in data center A; Consul and backends in B; a line between the two. */
export type TwoDataCenters = AsyncDisposable & {
  /** From A to B, and back. */
  line(ways: { readonly there?: Way; readonly back?: Way }): Promise<void>;
  /** Requests in A through the edge, from now until stopped; both data centers have half of the weight. */
  traffic(perSecond: number): RunningProcess & { records(): readonly CallRecord[] };
  /** What Weir's API answers. */
  api(path: string): Promise<unknown>;
};

const sites = {
  "dc-a": { address: "10.101.0.1", namespace: `weir-a-${process.pid}` },
  "dc-b": { address: "10.102.0.1", namespace: `weir-b-${process.pid}` },
} as const;
type Datacenter = keyof typeof sites;
const datacenters = ["dc-a", "dc-b"] as const;

// Nobody else is in these namespaces.
const ports = { consul: 8500, xds: 18_000, admin: 18_080, edge: 10_000, envoyAdmin: 9_901 };
const perDatacenter = 3;

/** Why this machine cannot have network namespaces; undefined: it can. */
export function lacksNamespaces(): string | undefined {
  if (process.getuid?.() !== 0) return "network namespaces can only be made by root";
  if (!existsSync("/dev/net/tun")) return "there is no /dev/net/tun for the line between the data centers";
  if (!existsSync("/usr/sbin/ip") && !existsSync("/sbin/ip"))
    return "there is no ip command (Debian: apt install iproute2)";
  return undefined;
}

export async function startTwoDataCenters(): Promise<TwoDataCenters> {
  await using started = new AsyncDisposableStack();
  const files = started.use(await makeFolder("wan"));
  for (const { namespace } of Object.values(sites)) {
    await run("ip", ["netns", "add", namespace]);
    started.defer(async () => void (await run("ip", ["netns", "del", namespace])));
    await run("ip", ["-n", namespace, "link", "set", "lo", "up"]);
  }
  const ends = datacenters.flatMap((datacenter) => [sites[datacenter].namespace, sites[datacenter].address]);
  const link = started.use(startProcess({ name: "line", command: "python3", args: [here("./link.py"), ...ends] }));
  await link.line(/^ready$/);

  for (const datacenter of datacenters) {
    started.use(await startConsulIn(datacenter, files.path));
    const backends = Array.from({ length: perDatacenter }, (_, index) =>
      startBackendProcess({
        id: `${datacenter}-${index}`,
        datacenter,
        host: sites[datacenter].address,
        within: within(datacenter),
      }),
    );
    for (const backend of await Promise.all(backends)) {
      started.use(backend);
      await register(datacenter, backend.id, backend.port);
    }
  }
  await files.write("report.yaml", `${reportFromConsul}---${reportInHalves}`);
  const consuls = datacenters.flatMap((datacenter) => [
    "--consul",
    `${datacenter}=http://${sites[datacenter].address}:${ports.consul}`,
  ]);
  const main = here("../../../control-plane/src/main.ts");
  const [xds, admin] = [`127.0.0.1:${ports.xds}`, `127.0.0.1:${ports.admin}`];
  const listens = ["--xds", xds, "--admin", admin, "--admin-grpc-address", "127.0.0.1:0"];
  const folders = ["--config", files.path, "--data", `${files.path}/data`];
  const weir = started.use(
    inside("dc-a", "weir", process.execPath, [main, "serve", ...folders, ...listens, ...consuls]),
  );
  await weir.json(({ ready }) => ready === true, 20_000);
  const bootstrap = await files.write("edge.json", JSON.stringify(edgeBootstrap()));
  started.use(
    inside("dc-a", "envoy", envoyPath(), [
      "-c",
      bootstrap,
      "--disable-hot-restart",
      "--concurrency",
      "1",
      "--log-level",
      "warning",
    ]),
  );
  const listed = async () =>
    (await fetchIn("dc-a", "GET", `http://127.0.0.1:${ports.envoyAdmin}/listeners`)).includes(String(ports.edge));
  await until(listed, { within: 20_000, what: "the edge listens", everyMs: 200 });

  const running = started.move();
  return {
    async line(ways) {
      const answered = new Promise((resolve) => link.onLine(resolve));
      link.write(JSON.stringify(ways));
      await answered;
    },
    traffic(perSecond) {
      const records: CallRecord[] = [];
      const child = inside("dc-a", "traffic", process.execPath, [
        here("./traffic-main.ts"),
        `127.0.0.1:${ports.edge}`,
        String(perSecond),
      ]);
      child.onLine((line) => records.push(JSON.parse(line) as CallRecord));
      running.use(child);
      return { ...child, records: () => records };
    },
    api: async (path) => JSON.parse(await fetchIn("dc-a", "GET", `http://127.0.0.1:${ports.admin}${path}`)),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function within(datacenter: Datacenter): readonly string[] {
  return ["ip", "netns", "exec", sites[datacenter].namespace];
}

function inside(datacenter: Datacenter, name: string, program: string, args: readonly string[]): RunningProcess {
  const [command = "ip", ...all] = [...within(datacenter), program, ...args];
  return startProcess({ name: `${name} in ${datacenter}`, command, args: all });
}

async function fetchIn(datacenter: Datacenter, method: string, url: string, body = ""): Promise<string> {
  const script = `const [method, url, body] = process.argv.slice(1); const answer = await fetch(url, { method, ...(body && { body }) }); process.stdout.write(await answer.text())`;
  const [command = "ip", ...args] = [
    ...within(datacenter),
    process.execPath,
    "--input-type=module",
    "-e",
    script,
    method,
    url,
    body,
  ];
  return (await run(command, args)).stdout;
}

async function startConsulIn(datacenter: Datacenter, folder: string): Promise<RunningProcess> {
  const { address } = sites[datacenter];
  const flags = [
    "-server",
    "-bootstrap-expect=1",
    `-datacenter=${datacenter}`,
    `-node=${datacenter}`,
    `-bind=${address}`,
    `-client=${address}`,
  ];
  const quick = [
    "-hcl",
    "performance { raft_multiplier = 1 }",
    "-hcl",
    "disable_update_check = true",
    "-log-level=warn",
  ];
  const consul = inside(datacenter, "consul", consulPath(), [
    "agent",
    ...flags,
    ...quick,
    `-data-dir=${folder}/consul-${datacenter}`,
  ]);
  const led = async () =>
    (await fetchIn(datacenter, "GET", `http://${address}:${ports.consul}/v1/catalog/nodes`)).includes(address);
  await until(led, { within: 30_000, what: `Consul in ${datacenter} leads`, everyMs: 200 });
  return consul;
}

async function register(datacenter: Datacenter, id: string, port: number): Promise<void> {
  const { address } = sites[datacenter];
  const body = JSON.stringify({ Name: "report", ID: id, Address: address, Port: port, Meta: { zone: "z1" } });
  await fetchIn(datacenter, "PUT", `http://${address}:${ports.consul}/v1/agent/service/register`, body);
}

function edgeBootstrap(): object {
  return envoyBootstrap({
    nodeId: "edge-a",
    role: "edge",
    locality: { region: "dc-a", zone: "z1", subZone: "" },
    xds: { host: "127.0.0.1", port: ports.xds },
    listen: { host: "127.0.0.1", port: ports.edge },
    admin: { host: "127.0.0.1", port: ports.envoyAdmin },
  });
}
