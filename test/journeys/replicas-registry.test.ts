import assert from "node:assert/strict";
import { test } from "node:test";
import { type BackendProcess, startBackendProcess } from "../kit/backend.ts";
import { hasConsul, startConsul } from "../kit/consul.ts";
import { codes, startLoad } from "../kit/grpc-load.ts";
import { startRelay } from "../kit/relay.ts";
import { pushes, startEdge } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir, type Weir } from "../kit/weir.ts";

const skip = hasConsul() ? false : "there is no Consul to start";

const documents = `
apiVersion: weir/v1alpha1
kind: Service
metadata: {name: report}
spec: {protocol: GRPC, hosts: [report], endpoints: [{registry: {}}]}
`;

async function register(weir: Weir, { id, address, datacenter }: BackendProcess, leaseSeconds: number) {
  const body = { address, locality: `${datacenter}/z1`, leaseSeconds };
  return weir.api("PUT", `/v1/registry/services/report/endpoints/${id}`, body);
}

async function registered(weir: Weir): Promise<string> {
  const { body } = await weir.api("GET", "/v1/registry/services/report/endpoints");
  return (body as { endpoints: readonly { id: string }[] }).endpoints.map(({ id }) => id).join();
}

/** Renews at whichever replica is the first of these, as an instance does that knows one address. */
function heartbeat(weirs: readonly Weir[], backend: BackendProcess, leaseSeconds: number) {
  const state = { weirs };
  const timer = setInterval(() => {
    const [weir] = state.weirs;
    if (weir) void register(weir, backend, leaseSeconds).catch(() => undefined);
  }, 1_000);
  return Object.assign(state, { [Symbol.dispose]: () => clearInterval(timer) });
}

test("an instance that registers at one replica is served by all, outlives that replica, and goes when it stops renewing", {
  skip,
}, async () => {
  await using consul = await startConsul({ datacenters: ["dc-a"] });
  await using one = await startBackendProcess({ id: "report-1", datacenter: "dc-a" });
  await using two = await startBackendProcess({ id: "report-2", datacenter: "dc-a" });
  const args = ["--store-consul", consul.url("dc-a"), "--log-level", "debug"];
  await using a = await startWeir({ documents: { "report.yaml": documents }, args });
  await using b = await startWeir({ documents: { "report.yaml": documents }, args });

  await register(a, one, 5);
  await register(a, two, 5);
  using _one = heartbeat([b], one, 5);
  using beating = heartbeat([a], two, 5);
  await until(async () => (await registered(b)) === "report-1,report-2", { within: 30_000, what: "b knows both" });
  assert.equal(await registered(a), "report-1,report-2");

  await using front = await startRelay(a.xds);
  await using edge = await startEdge({ ...a, xds: front.address });
  await using load = startLoad({ target: await edge.listener("edge"), authority: "report" });
  await until(async () => codes(await load.send(1)).get("OK") === 1, { within: 30_000, what: "the first answer" });

  // a dies; one renews at b all along, two comes to b when it notices.
  front.lead(b.xds);
  const running = load.sendAtRate({ perSecond: 50, forMs: 8_000 });
  await a.kill();
  beating.weirs = [b];
  const connected = async () => ((await b.api("GET", "/v1/clients")).body as { clients: unknown[] }).clients.length;
  await until(async () => (await connected()) === 1, { within: 20_000, what: "the edge comes to b" });
  const records = await running;
  assert.deepEqual([...codes(records)], [["OK", records.length]]);
  assert.equal(await registered(b), "report-1,report-2");
  const sent = pushes(b).filter(({ resources, removed }) => resources + removed > 0);
  assert.deepEqual(sent, [], "nothing that it has is sent again");

  // a comes back with what b knows, and two goes everywhere once it is silent.
  await a.start();
  assert.equal(await registered(a), "report-1,report-2");
  beating.weirs = [];
  await until(async () => (await registered(a)) === "report-1" && (await registered(b)) === "report-1", {
    within: 30_000,
    what: "two is gone from both",
  });
});

test("without Consul nobody's lease ends, and what registers meanwhile is told when it is back", { skip }, async () => {
  await using consul = await startConsul({ datacenters: ["dc-a"] });
  const args = ["--store-consul", consul.url("dc-a")];
  await using a = await startWeir({ documents: { "report.yaml": documents }, args });
  await using b = await startWeir({ documents: { "report.yaml": documents }, args });
  await using one = await startBackendProcess({ id: "report-1", datacenter: "dc-a" });
  await using two = await startBackendProcess({ id: "report-2", datacenter: "dc-a" });
  using _one = heartbeat([a], one, 3);
  await until(async () => (await registered(b)) === "report-1", { within: 30_000, what: "b knows it" });
  await consul.stop("dc-a");
  using _two = heartbeat([a], two, 3);
  await until(async () => (await registered(a)) === "report-1,report-2", { within: 30_000, what: "a takes it" });
  const refused = await a.api("DELETE", "/v1/registry/services/report/endpoints/report-1");
  assert.equal(refused.status, 503);
  // Longer than its lease, the spare time of eight seconds and the three beats that may be missed.
  const enough = performance.now() + 20_000;
  await until(async () => performance.now() > enough || (await registered(b)) !== "report-1", {
    within: 40_000,
    everyMs: 500,
    what: "time passes",
  });
  assert.equal(await registered(b), "report-1");
  await consul.start("dc-a");
  await until(async () => (await registered(b)) === "report-1,report-2", { within: 60_000, what: "b is told" });
});
