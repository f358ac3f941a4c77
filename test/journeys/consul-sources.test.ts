import assert from "node:assert/strict";
import { test } from "node:test";
import { createLatest } from "../../control-plane/src/lib/latest.ts";
import { parseServiceName } from "../../control-plane/src/model/names.ts";
import { addressText, type ServiceSpec } from "../../control-plane/src/model/service.ts";
import { createConsulSource } from "../../control-plane/src/sources/consul/consul-source.ts";
import { demandOf } from "../../control-plane/src/sources/demand.ts";
import type { Feed, FeedKey, SourceNote } from "../../control-plane/src/sources/feed.ts";
import { followFeeds } from "../../control-plane/src/sources/follow-feeds.ts";
import { merge, nothingMerged } from "../../control-plane/src/sources/merge.ts";
import { overviewOf } from "../../control-plane/src/sources/overview.ts";
import { type Consul, startConsul } from "../kit/consul.ts";
import { until } from "../kit/wait.ts";

const name = parseServiceName("report");
assert.ok(name);
const report: ServiceSpec = {
  name,
  protocol: "grpc",
  hosts: ["report"],
  origins: [{ kind: "consul", service: "report", tags: [], datacenters: [], passingOnly: true }],
  localityRules: { regionFrom: "datacenter", zoneFrom: ["meta.zone"] },
};
const specs = new Map([[name, report]]);

/** Follows `report` in both data centers, asking each of these addresses for each. */
function following(
  addresses: Readonly<Record<string, string>>,
  limits: { readonly waitMs: number } = { waitMs: 30_000 },
) {
  const stop = new AbortController();
  const notes: SourceNote[] = [];
  const observe = (note: SourceNote) => void notes.push(note);
  const source = createConsulSource({
    datacenters: Object.entries(addresses).map(([datacenter, address]) => ({
      name: datacenter,
      region: datacenter,
      addresses: [address],
      datacenter,
      tokenFile: undefined,
      tls: undefined,
      stale: true,
    })),
    observe,
    monotonicMs: () => performance.now(),
    limits: { ...limits, answerMs: 1_000 },
  });
  const wanted = demandOf(specs, { consul: Object.keys(addresses), kubernetes: [] });
  const states = followFeeds(
    {
      demand: createLatest<ReadonlyMap<FeedKey, Feed>>(wanted.feeds),
      watch: { file: nothing, registry: nothing, kubernetes: nothing, consul: source.watch },
      observe,
      now: () => new Date(),
    },
    stop.signal,
  );
  const service = () =>
    merge(nothingMerged, specs, wanted, states.current() ?? new Map()).catalog.get(report.name)?.endpoints ?? [];
  return {
    notes,
    /** `10.2.0.1:9090 serving`, sorted by address. */
    endpoints: () => service().map(({ address, health }) => `${addressText(address)} ${health}`),
    state: (datacenter: string) =>
      overviewOf(states.current() ?? new Map()).find(({ source }) => source === `consul/${datacenter}`),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await source[Symbol.asyncDispose]();
    },
  };
}

async function* nothing(): AsyncGenerator<never> {}

async function seesWithin(ms: number, it: ReturnType<typeof following>, expected: readonly string[]): Promise<void> {
  const what = `the endpoints are ${expected.join(", ")}`;
  await until(() => it.endpoints().join() === expected.join(), { within: ms, what, everyMs: 5 }).catch((cause) => {
    throw new Error(`they are ${it.endpoints().join(", ")}`, { cause });
  });
}

/** One in each data center, and what Weir asks about both: the server of dc-a. */
async function twoDatacenters(): Promise<Consul> {
  const consul = await startConsul({ datacenters: ["dc-a", "dc-b"] });
  const instance = { service: "report", port: 9090 };
  await consul.register("dc-a", { ...instance, id: "report-a", address: "10.1.0.1", meta: { zone: "z1" } });
  await consul.register("dc-b", { ...instance, id: "report-b", address: "10.2.0.1" });
  // An agent that restarts remembers a check's state only if it was set by an update, not by the registration.
  await consul.setCheck("dc-b", "report-b", "passing");
  return consul;
}

test("what happens in the remote data center of a federation is seen within a second", async () => {
  await using consul = await twoDatacenters();
  await using it = following({ "dc-a": consul.url("dc-a"), "dc-b": consul.url("dc-a") });
  const always = "10.1.0.1:9090 serving";
  await seesWithin(5_000, it, [always, "10.2.0.1:9090 serving"]);
  for (let round = 0; round < 3; round++) {
    await consul.register("dc-b", { service: "report", id: "report-c", address: "10.2.0.2", port: 9090 });
    await seesWithin(1_000, it, [always, "10.2.0.1:9090 serving", "10.2.0.2:9090 serving"]);
    await consul.setCheck("dc-b", "report-c", "critical");
    await seesWithin(1_000, it, [always, "10.2.0.1:9090 serving", "10.2.0.2:9090 failing"]);
    await consul.setCheck("dc-b", "report-c", "passing");
    await seesWithin(1_000, it, [always, "10.2.0.1:9090 serving", "10.2.0.2:9090 serving"]);
    await consul.deregister("dc-b", "report-c");
    await seesWithin(1_000, it, [always, "10.2.0.1:9090 serving"]);
  }
});

test("Consul stopped removes nothing and shows as stale since then; started again, it is current", async () => {
  await using consul = await twoDatacenters();
  await using it = following({ "dc-a": consul.url("dc-a"), "dc-b": consul.url("dc-b") });
  const both = ["10.1.0.1:9090 serving", "10.2.0.1:9090 serving"];
  await seesWithin(5_000, it, both);
  const stopped = Date.now();
  await consul.stop("dc-b");
  await until(() => it.state("dc-b")?.state === "stale", { within: 5_000, what: "dc-b is stale" });
  assert.deepEqual(it.endpoints(), both);
  assert.equal(it.state("dc-a")?.state, "current");
  const since = it.state("dc-b")?.since.getTime() ?? 0;
  assert.ok(since >= stopped && since <= Date.now(), "stale since it stopped");
  assert.match(
    it.state("dc-b")?.cause ?? "",
    /consul dc-b \(http:.*\): no health of "report": .*(ECONN|socket hang up|broke off)/,
  );

  // The other data center goes on, and what happened while dc-b was away is seen when it is back.
  await consul.register("dc-a", { service: "report", id: "report-d", address: "10.1.0.2", port: 9090 });
  await seesWithin(1_000, it, ["10.1.0.1:9090 serving", "10.1.0.2:9090 serving", "10.2.0.1:9090 serving"]);
  await consul.start("dc-b");
  await until(() => it.state("dc-b")?.state === "current", { within: 15_000, what: "dc-b is current again" });
  const changes = it.notes.filter((note) => note.kind === "source-changed" && note.source === "consul/dc-b");
  assert.equal(changes.length, 1, "nothing but the first answer changed anything");
  await consul.deregister("dc-b", "report-b");
  await seesWithin(1_000, it, ["10.1.0.1:9090 serving", "10.1.0.2:9090 serving"]);
  const told = it.notes.filter(({ kind }) => kind === "source-lost" || kind === "source-back");
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ["source-lost", "source-back"],
  );
});

test("a data center that hangs is noticed by our own time limit, removes nothing and holds up no other", async () => {
  await using consul = await twoDatacenters();
  await using it = following({ "dc-a": consul.url("dc-a"), "dc-b": consul.url("dc-a") }, { waitMs: 1_000 });
  const both = ["10.1.0.1:9090 serving", "10.2.0.1:9090 serving"];
  await seesWithin(5_000, it, both);
  consul.freeze("dc-b");
  await until(() => it.state("dc-b")?.state === "stale", { within: 10_000, what: "dc-b is stale" });
  assert.deepEqual(it.endpoints(), both);
  await consul.register("dc-a", { service: "report", id: "report-d", address: "10.1.0.2", port: 9090 });
  await seesWithin(1_000, it, ["10.1.0.1:9090 serving", "10.1.0.2:9090 serving", "10.2.0.1:9090 serving"]);
  consul.thaw("dc-b");
  await until(() => it.state("dc-b")?.state === "current", { within: 15_000, what: "dc-b is current again" });
});
