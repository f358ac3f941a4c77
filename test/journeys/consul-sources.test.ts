import assert from "node:assert/strict";
import { test } from "node:test";
import { type Consul, startConsul } from "../kit/consul.ts";
import { type ConsulFollower, followConsul } from "../kit/consul-follower.ts";
import { until } from "../kit/wait.ts";

/** Follows `report` in both data centers, asking each of these addresses for each. */
function following(addresses: Readonly<Record<string, string>>, limits = { waitMs: 30_000 }): ConsulFollower {
  const datacenters = Object.entries(addresses).map(([name, address]) => ({ name, addresses: [address] }));
  return followConsul({ datacenters, services: ["report"], limits });
}

const seesWithin = (ms: number, it: ConsulFollower, expected: readonly string[]) => it.sees("report", expected, ms);

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

test("what happens in the remote data center of a federation is seen", async () => {
  await using consul = await twoDatacenters();
  await using it = following({ "dc-a": consul.url("dc-a"), "dc-b": consul.url("dc-a") });
  const always = "10.1.0.1:9090 serving";
  await seesWithin(10_000, it, [always, "10.2.0.1:9090 serving"]);
  for (let round = 0; round < 3; round++) {
    await consul.register("dc-b", { service: "report", id: "report-c", address: "10.2.0.2", port: 9090 });
    await seesWithin(10_000, it, [always, "10.2.0.1:9090 serving", "10.2.0.2:9090 serving"]);
    await consul.setCheck("dc-b", "report-c", "critical");
    await seesWithin(10_000, it, [always, "10.2.0.1:9090 serving", "10.2.0.2:9090 failing"]);
    await consul.setCheck("dc-b", "report-c", "passing");
    await seesWithin(10_000, it, [always, "10.2.0.1:9090 serving", "10.2.0.2:9090 serving"]);
    await consul.deregister("dc-b", "report-c");
    await seesWithin(10_000, it, [always, "10.2.0.1:9090 serving"]);
  }
});

test("Consul stopped removes nothing and shows as stale since then; started again, it is current", async () => {
  await using consul = await twoDatacenters();
  await using it = following({ "dc-a": consul.url("dc-a"), "dc-b": consul.url("dc-b") });
  const both = ["10.1.0.1:9090 serving", "10.2.0.1:9090 serving"];
  await seesWithin(10_000, it, both);
  const stopped = Date.now();
  await consul.stop("dc-b");
  await until(() => it.source("dc-b")?.state === "stale", { within: 30_000, what: "dc-b is stale" });
  assert.deepEqual(it.endpoints("report"), both);
  assert.equal(it.source("dc-a")?.state, "current");
  const since = it.source("dc-b")?.since.getTime() ?? 0;
  assert.ok(since >= stopped && since <= Date.now(), "stale since it stopped");
  assert.match(
    it.source("dc-b")?.cause ?? "",
    /consul dc-b \(http:.*\): no health of "report": .*(ECONN|socket hang up|broke off)/,
  );

  // The other data center goes on, and what happened while dc-b was away is seen when it is back.
  await consul.register("dc-a", { service: "report", id: "report-d", address: "10.1.0.2", port: 9090 });
  await seesWithin(10_000, it, ["10.1.0.1:9090 serving", "10.1.0.2:9090 serving", "10.2.0.1:9090 serving"]);
  await consul.start("dc-b");
  await until(() => it.source("dc-b")?.state === "current", { within: 15_000, what: "dc-b is current again" });
  const changes = it.notes.filter((note) => note.kind === "source-changed" && note.source === "consul/dc-b");
  assert.equal(changes.length, 1, "nothing but the first answer changed anything");
  await consul.deregister("dc-b", "report-b");
  await seesWithin(10_000, it, ["10.1.0.1:9090 serving", "10.1.0.2:9090 serving"]);
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
  await seesWithin(10_000, it, both);
  consul.freeze("dc-b");
  await until(() => it.source("dc-b")?.state === "stale", { within: 30_000, what: "dc-b is stale" });
  assert.deepEqual(it.endpoints("report"), both);
  await consul.register("dc-a", { service: "report", id: "report-d", address: "10.1.0.2", port: 9090 });
  await seesWithin(10_000, it, ["10.1.0.1:9090 serving", "10.1.0.2:9090 serving", "10.2.0.1:9090 serving"]);
  consul.thaw("dc-b");
  await until(() => it.source("dc-b")?.state === "current", { within: 15_000, what: "dc-b is current again" });
});
