import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type Backend, startBackend } from "../kit/backend.ts";
import { type Consul, startConsul } from "../kit/consul.ts";
import { reportFromConsul } from "../kit/documents.ts";
import type { Envoy } from "../kit/envoy.ts";
import { codes, startLoad } from "../kit/grpc-load.ts";
import { pushes, startEdge } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { startWeir, type Weir } from "../kit/weir.ts";
import { weirCommand } from "../kit/weir-command.ts";

const ids = ["r1", "r2", "r3", "r4", "r5", "r6"];

type Guarded = {
  readonly held: readonly {
    readonly change: string;
    readonly heldSeconds: number;
    readonly believedInSeconds?: number;
  }[];
  readonly feeds: readonly { readonly state: string; readonly says: number; readonly endpoints: number }[];
};

/** Six instances of a service in one Consul, a control plane that follows them, and an Envoy with requests to them. */
async function startScene(args: readonly string[]) {
  await using stack = new AsyncDisposableStack();
  const consul = stack.use(await startConsul({ datacenters: ["dc-a"] }));
  const backends = await Promise.all(ids.map((id) => startBackend({ id, datacenter: "dc-a" })));
  for (const backend of backends) stack.use(backend);
  await registerAll(consul, backends);
  const weir = stack.use(
    await startWeir({
      documents: { "report.yaml": reportFromConsul },
      args: ["--consul", `dc-a=${consul.url("dc-a")}`, ...args],
    }),
  );
  const edge = stack.use(await startEdge(weir));
  const load = stack.use(startLoad({ target: await edge.listener("edge"), authority: "report" }));
  await until(async () => (await hosts(edge)) === 6, { within: 20_000, what: "all six instances in Envoy" });
  const moved = stack.move();
  return { consul, backends, weir, edge, load, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

async function registerAll(consul: Consul, backends: readonly Backend[]): Promise<void> {
  for (const { id, port } of backends)
    await consul.register("dc-a", { service: "report", id, address: "127.0.0.1", port, meta: { zone: "z1" } });
}

const wipe = (consul: Consul) => Promise.all(ids.map((id) => consul.deregister("dc-a", id)));

const hosts = async (edge: Envoy) => (await edge.clusters()).filter(({ cluster }) => cluster === "report").length;

const guarded = async (weir: Weir) => (await weir.api("GET", "/v1/guard")).body as Guarded;

/** Consul names none any more, and that is known. */
const isWiped = async (weir: Weir) => (await guarded(weir)).feeds.every(({ says }) => says === 0);

test("a service that is wiped from Consul loses no request, shows what is held back, and goes when an operator says so", async () => {
  await using scene = await startScene([]);
  const { consul, backends, weir, edge, load } = scene;
  const cli = (...args: readonly string[]) => weirCommand(weir, args);
  assert.equal((await cli("guard", "list")).code, 0, "nothing is held back");

  const running = load.sendAtRate({ perSecond: 100, forMs: 4_000 });
  await wipe(consul);
  await until(() => isWiped(weir), { within: 30_000, what: "Consul has said that all are gone" });
  const records = await running;
  assert.deepEqual([...codes(records)], [["OK", records.length]]);
  const kept = await hosts(edge);
  assert.ok(kept >= 3, `${kept} of 6 are left in Envoy: never less than half`);

  const listed = await cli("guard", "list");
  assert.equal(listed.code, 1);
  assert.match(
    listed.stdout,
    new RegExp(`^report +consul/dc-a +suspect +${kept} +0 +-${kept} +\\d+s .* removed in \\d+s$`, "m"),
  );
  assert.match(listed.stdout, /^weir guard release report believes it now$/m);
  assert.match((await cli("sources")).stdout, /^consul\/dc-a +consul +suspect /m);
  const metrics = String((await weir.api("GET", "/metrics")).body);
  assert.match(metrics, new RegExp(`^guard_held_endpoints\\{service="report",.*change="gone"\\} ${kept}$`, "m"));
  const { heldBack } = (await weir.api("GET", "/readyz")).body as { readonly heldBack: readonly string[] };
  assert.match(heldBack.join(), /^report: \d endpoints of consul\/dc-a \(/);

  await weir.kill();
  await weir.start();
  await until(() => isWiped(weir), { within: 20_000, what: "Consul has said so again" });
  assert.equal(await hosts(edge), kept, "a restart forgets nothing");

  const released = await cli("guard", "release", "report", "--reason", "they are really gone");
  assert.equal(released.code, 0, released.stderr);
  assert.match(released.stdout, new RegExp(`^report: ${kept} endpoints removed, as consul/dc-a says$`, "m"));
  await until(async () => (await hosts(edge)) === 0, { within: 30_000, what: "they are gone from Envoy" });
  assert.equal((await cli("guard", "list")).code, 0);
  await registerAll(consul, backends);
  await until(async () => (await hosts(edge)) === 6, { within: 30_000, what: "all are back" });
});

test("what Consul goes on saying is believed after the hold time, and what it takes back was never gone", async () => {
  await using scene = await startScene(["--guard-hold", "12s"]);
  const { consul, backends, weir, edge, load } = scene;
  const running = load.sendAtRate({ perSecond: 50, forMs: 3_000 });
  await wipe(consul);
  await until(() => isWiped(weir), { within: 30_000, what: "Consul has said that all are gone", everyMs: 20 });
  await registerAll(consul, backends);
  await until(async () => (await guarded(weir)).held.length === 0, { within: 30_000, what: "nothing is held back" });
  await until(async () => (await hosts(edge)) === 6, { within: 30_000, what: "all six again" });
  const records = await running;
  assert.deepEqual([...codes(records)], [["OK", records.length]], "an agent that registers its instances again");

  await wipe(consul);
  await until(() => isWiped(weir), { within: 30_000, what: "Consul has said that all are gone" });
  const [first] = (await guarded(weir)).held;
  assert.ok(
    first?.believedInSeconds !== undefined && first.believedInSeconds <= 12,
    "it says when it will be believed",
  );
  assert.ok((await hosts(edge)) >= 3);
  await until(async () => (await hosts(edge)) === 0, { within: 60_000, what: "they are gone from Envoy" });
  assert.deepEqual((await guarded(weir)).held, []);
});

test("what an operator confirms at one replica is confirmed at the others", async () => {
  await using consul = await startConsul({ datacenters: ["dc-a"] });
  const port = 9090;
  for (const [index, id] of ids.entries())
    await consul.register("dc-a", { service: "report", id, address: `10.1.0.${index + 1}`, port });
  const url = consul.url("dc-a");
  const wanted = {
    documents: { "report.yaml": reportFromConsul },
    args: ["--consul", `dc-a=${url}`, "--store-consul", url],
  };
  await using a = await startWeir(wanted);
  await using b = await startWeir(wanted);
  const replicas = [a, b];
  const all = (what: string, test: (answer: Guarded) => boolean) =>
    until(async () => (await Promise.all(replicas.map(guarded))).every(test), { within: 20_000, what });
  await all("both know all six", ({ feeds }) => feeds[0]?.endpoints === 6);
  await wipe(consul);
  await all("both hold them back", ({ feeds, held }) => feeds[0]?.says === 0 && held.length > 0);
  const released = await weirCommand(a, ["guard", "release", "report"]);
  assert.equal(released.code, 0, released.stderr);
  assert.equal(released.stderr, "");
  await all("both believe it", ({ feeds, held }) => feeds[0]?.endpoints === 0 && held.length === 0);
});

test("an instance that flaps ten times a second is a few pushes, then one in seconds, and its last word counts", async () => {
  await using scene = await startScene(["--log-level", "debug"]);
  const { consul, weir, edge, load } = scene;
  const healthy = async () => (await edge.clusters()).filter(({ cluster, healthy }) => cluster === "report" && healthy);
  const from = weir.process().lines.length;
  const running = load.sendAtRate({ perSecond: 50, forMs: 8_000 });
  const until8s = Date.now() + 8_000;
  let flaps = 0;
  while (Date.now() < until8s) {
    await consul.setCheck("dc-a", "r1", flaps % 2 === 0 ? "critical" : "passing");
    flaps += 1;
    await delay(100);
  }
  const sent = pushes(weir, from).length;
  assert.ok(flaps > 20, `${flaps} flaps`);
  assert.ok(sent >= 1 && sent <= 16, `${sent} pushes for ${flaps} flaps`);
  const records = await running;
  assert.deepEqual([...codes(records)], [["OK", records.length]]);
  await consul.setCheck("dc-a", "r1", "passing");
  await until(async () => (await healthy()).length === 6, { within: 15_000, what: "the instance is healthy in Envoy" });
});
