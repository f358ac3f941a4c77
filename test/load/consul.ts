// npm run load:consul [-- --services 2000] [--instances 10] [--servers 1] [--idle 60] [--name consul]
// Fills a real Consul, starts Weir and an Envoy on it, and measures the start, changes, and what Weir uses at rest; writes
// results/<date>-<name>.md.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type ConsulCluster, type External, startConsulCluster } from "../kit/consul-cluster.ts";
import type { Envoy } from "../kit/envoy.ts";
import { startEdge } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir } from "../kit/weir.ts";
import { watchEndpoints } from "./endpoint-watcher.ts";
import { usageOf } from "./process-usage.ts";
import { quietMachine } from "./quiet-machine.ts";

const { values } = parseArgs({
  options: {
    services: { type: "string", default: "2000" },
    instances: { type: "string", default: "10" },
    servers: { type: "string", default: "1" },
    idle: { type: "string", default: "60" },
    name: { type: "string", default: "consul" },
  },
});
const count = Number(values.services);
const perService = Number(values.instances);
const rounds = 10;

const nameOf = (service: number) => `service-${String(service).padStart(5, "0")}`;
const nodeOf = (service: number, instance: number) => `node-${(service * perService + instance) % 100}`;
const instanceOf = (service: number, instance: number): External => ({
  ...{ service: nameOf(service), id: `${nameOf(service)}-${instance}`, node: nodeOf(service, instance), port: 9090 },
  ...{ address: `10.${service >> 8}.${service & 255}.${instance + 1}`, meta: { zone: `z${instance % 3}` } },
});

await using consul = await startConsulCluster({ servers: Number(values.servers) });
await fill(consul);
await quietMachine(60_000);
const busy = loadavg().slice(0, 1);
const rows: (readonly [string, string])[] = [];
const row = (what: string, value: string) => {
  rows.push([what, value]);
  console.log(`${what}: ${value}`);
};
const began = performance.now();
await using weir = await startWeir({
  args: ["--consul", `dc-a=${consul.urls[0]}`, "--discover", "*", "--log-level", "warn"],
});
row("Weir serves, after its start", seconds(performance.now() - began));
const used = await usageOf(weir.process().pid);
row("CPU used until then", `${used.cpuSeconds.toFixed(1)} s`);
{
  await using edge = await startEdge(weir);
  await until(async () => (await members(edge, ".*")) === count * perService, {
    within: 120_000,
    what: "Envoy has every endpoint",
    // What Envoy needs to gather its statistics delays what they are about.
    everyMs: 250,
  });
  row("an Envoy started then has every endpoint, after Weir's start", seconds(performance.now() - began));
}
const names = Array.from({ length: count }, (_, service) => nameOf(service));
using watcher = watchEndpoints(weir.xds, names);
await until(() => watcher.total() === count * perService, { within: 60_000, what: "the client has every endpoint" });

for (const [what, change, expected] of changes()) {
  const took: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const service = Math.floor(Math.random() * count);
    const before = performance.now();
    await change(service);
    await watcher.has(nameOf(service), expected);
    took.push(performance.now() - before);
    await consul.register(instanceOf(service, 0));
    await consul.deregister({ id: `${nameOf(service)}-more`, node: "node-0" });
    await watcher.has(nameOf(service), { all: perService, healthy: perService });
    // Apart, as single changes are: a burst is slowed down on purpose.
    await delay(3_000);
  }
  took.sort((a, b) => a - b);
  row(
    `${what}, until a client has it`,
    `median ${seconds(took[rounds / 2] ?? 0)}, longest ${seconds(took.at(-1) ?? 0)}`,
  );
}

// What sweeps follow the last change is none of rest.
await delay(15_000);
const [pid, seconds0] = [weir.process().pid, performance.now()];
const before = await usageOf(pid);
await delay(Number(values.idle) * 1_000);
const after = await usageOf(pid);
const share = ((after.cpuSeconds - before.cpuSeconds) / (performance.now() - seconds0)) * 1_000 * 100;
row(`CPU at rest, over ${values.idle} s`, `${share.toFixed(2)} % of a core`);
row("resident memory", `${Math.round(after.rssBytes / 1024 ** 2)} MiB`);
row("connections to Consul", String(await connectionsTo(Number(new URL(consul.urls[0] ?? "").port))));
await write();

function changes() {
  const failing = (service: number) => consul.register({ ...instanceOf(service, 0), status: "critical" });
  const more = (service: number) =>
    consul.register({
      ...instanceOf(service, 0),
      id: `${nameOf(service)}-more`,
      node: "node-0",
      address: "10.200.0.1",
    });
  const bare = (service: number) =>
    consul.register({
      ...{ ...instanceOf(service, 0), id: `${nameOf(service)}-more`, node: "node-0", address: "10.200.0.1" },
      status: undefined,
    });
  return [
    ["a check that fails", failing, { healthy: perService - 1 }],
    ["a new instance", more, { all: perService + 1 }],
    ["a new instance without a check", bare, { all: perService + 1 }],
  ] as const;
}

async function members(envoy: Envoy, cluster: string, gauge = "membership_total"): Promise<number> {
  const stats = await envoy.stats(`^cluster\\.service-.*${cluster.replace("service-", "")}\\.${gauge}$`);
  return [...stats.values()].reduce((sum, value) => sum + value, 0);
}

/** Registers everything, 64 operations at a time: what Consul takes in one transaction. */
async function fill({ call }: ConsulCluster): Promise<void> {
  const nodes = Array.from({ length: 100 }, (_, node) => ({
    Node: { Verb: "set", Node: { Node: `node-${node}`, Address: `10.99.0.${node}`, Datacenter: "dc-a" } },
  }));
  const all = Array.from({ length: count * perService }, (_, index) =>
    instanceOf(Math.floor(index / perService), index % perService),
  ).flatMap(({ service, id, address, port, node, meta }) => [
    {
      Service: {
        Verb: "set",
        Node: node,
        Service: { ID: id, Service: service, Address: address, Port: port, Meta: meta },
      },
    },
    {
      Check: {
        Verb: "set",
        Check: {
          Node: node,
          CheckID: `test:${id}`,
          Name: "test",
          Status: "passing",
          ServiceID: id,
          Output: "TCP connect: Success",
        },
      },
    },
  ]);
  const operations = [...nodes, ...all];
  for (let from = 0; from < operations.length; from += 64)
    await call(await consul.leader(), "PUT", "/v1/txn", operations.slice(from, from + 64));
}

async function connectionsTo(port: number): Promise<number> {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const lines = (await readFile("/proc/net/tcp", "utf8")).split("\n").map((line) => line.trim().split(/\s+/));
  // 01 is an established connection; the third field is the other side of it.
  return lines.filter(([, , remote, state]) => remote?.endsWith(`:${hex}`) && state === "01").length;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}

async function write(): Promise<void> {
  busy.push(...loadavg().slice(0, 1));
  const day = new Date().toISOString().slice(0, 10);
  const folder = new URL("results/", import.meta.url).pathname;
  await mkdir(folder, { recursive: true });
  const text = [
    `# ${count} services x ${perService} instances in Consul, ${day}`,
    "",
    `Consul 1.8.7 (${values.servers} server), Weir and one Envoy on one machine: ${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.versions.node}.`,
    "`npm run load:consul`; while it ran the load of the machine was " +
      `${busy.map((each) => each.toFixed(1)).join(", ")} (start, end; ${cpus().length} is all of it).`,
    "",
    "| | |",
    "| --- | --- |",
    ...rows.map(([what, value]) => `| ${what} | ${value} |`),
    "",
  ].join("\n");
  await writeFile(join(folder, `${day}-${values.name}.md`), text);
}
