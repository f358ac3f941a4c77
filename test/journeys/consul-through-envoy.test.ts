import assert from "node:assert/strict";
import { test } from "node:test";
import { startBackend } from "../kit/backend.ts";
import { startConsul } from "../kit/consul.ts";
import { reportFromConsul, reportInHalves } from "../kit/documents.ts";
import type { Envoy } from "../kit/envoy.ts";
import { codes, startLoad } from "../kit/grpc-load.ts";
import { startEdge } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir, type Weir } from "../kit/weir.ts";

type Source = { readonly source: string; readonly state: string; readonly ageSeconds: number; readonly cause?: string };

const sourceOf = async (weir: Weir, name: string) =>
  ((await weir.api("GET", "/v1/sources")).body as { sources: readonly Source[] }).sources.find(
    ({ source }) => source === name,
  );

const clientsOf = async (weir: Weir) =>
  ((await weir.api("GET", "/v1/clients")).body as { clients: unknown[] }).clients.length;

/** The healthy hosts of the service in this Envoy: `dc-b/z2 127.0.0.1:9001`. */
const hosts = async (edge: Envoy) =>
  (await edge.clusters())
    .filter(({ cluster, healthy }) => cluster === "report" && healthy)
    .map(({ locality, address }) => `${locality} ${address}`)
    .sort();

test("what happens to an instance in a remote Consul data center shows in Envoy, and a Consul that is away removes nothing", async () => {
  await using consul = await startConsul({ datacenters: ["dc-a", "dc-b"] });
  await using near = await startBackend({ id: "near", datacenter: "dc-a" });
  await using far = await startBackend({ id: "far", datacenter: "dc-b" });
  const instance = (port: number, zone: string) => ({ service: "report", address: "127.0.0.1", port, meta: { zone } });
  await consul.register("dc-a", { id: "near", ...instance(near.port, "z1") });
  // An agent that restarts remembers a check that was updated; one that was only registered comes back critical.
  await consul.setCheck("dc-a", "near", "passing");

  // One address of the federation, asked for both data centers.
  const args = ["dc-a", "dc-b"].flatMap((datacenter) => ["--consul", `${datacenter}=${consul.url("dc-a")}`]);
  await using weir = await startWeir({ documents: { "report.yaml": `${reportFromConsul}---${reportInHalves}` }, args });
  await using edge = await startEdge(weir);
  await using load = startLoad({ target: await edge.listener("edge"), authority: "report" });
  const both = [`dc-a/z1 ${near.address}`, `dc-b/z2 ${far.address}`];
  const shows = (expected: readonly string[], what: string) =>
    until(async () => (await hosts(edge)).join() === expected.join(), { within: 30_000, what });
  await until(async () => (await hosts(edge)).length === 1, { within: 30_000, what: "the near instance" });

  for (const round of [1, 2, 3]) {
    await consul.register("dc-b", { id: "far", ...instance(far.port, "z2") });
    await shows(both, `round ${round}: registered in dc-b`);
    await consul.setCheck("dc-b", "far", "critical");
    await shows(both.slice(0, 1), `round ${round}: failing in dc-b`);
    await consul.setCheck("dc-b", "far", "passing");
    await shows(both, `round ${round}: passing in dc-b`);
    await consul.deregister("dc-b", "far");
    await shows(both.slice(0, 1), `round ${round}: deregistered in dc-b`);
  }

  await consul.register("dc-b", { id: "far", ...instance(far.port, "z2") });
  await consul.setCheck("dc-b", "far", "passing");
  await shows(both, "registered again");
  await consul.stop("dc-b");
  await consul.stop("dc-a");
  for (const name of ["consul/dc-a", "consul/dc-b"]) {
    await until(async () => (await sourceOf(weir, name))?.state === "stale", {
      within: 15_000,
      what: `${name} is stale`,
    });
  }
  const first = await sourceOf(weir, "consul/dc-a");
  assert.match(first?.cause ?? "", /consul dc-a/);
  await until(async () => ((await sourceOf(weir, "consul/dc-a"))?.ageSeconds ?? 0) > (first?.ageSeconds ?? 0), {
    within: 30_000,
    what: "its age grows",
  });
  assert.deepEqual(await hosts(edge), both, "nothing is removed");
  const records = await load.send(200);
  assert.deepEqual([...codes(records)], [["OK", 200]]);

  await weir.kill();
  await weir.start();
  await until(async () => (await clientsOf(weir)) === 1, { within: 15_000, what: "the edge is back" });
  assert.equal((await sourceOf(weir, "consul/dc-a"))?.state, "stale", "what was saved is in force, and said to be old");
  assert.deepEqual(await hosts(edge), both, "nothing is removed by a restart while Consul is away");

  await consul.start("dc-a");
  await consul.start("dc-b");
  for (const name of ["consul/dc-a", "consul/dc-b"]) {
    await until(async () => (await sourceOf(weir, name))?.state === "current", {
      within: 30_000,
      what: `${name} is current`,
    });
  }
  await until(async () => (await hosts(edge)).join() === both.join(), {
    within: 30_000,
    what: "both instances, as before",
  });
});
