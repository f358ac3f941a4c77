import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConsulCluster, type External, startConsulCluster } from "../kit/consul-cluster.ts";
import { type ConsulFollower, followConsul } from "../kit/consul-follower.ts";
import { until } from "../kit/wait.ts";

const services = ["alpha", "beta", "gamma"];
const instance = (service: string, host: number): External => ({
  ...{ service, id: `${service}-${host}`, port: 9090 },
  address: `10.1.${services.indexOf(service)}.${host}`,
});
const both = (service: string) => [1, 2].map((host) => `${instance(service, host).address}:9090 serving`);

async function registerAll(consul: ConsulCluster): Promise<void> {
  for (const service of services) for (const host of [1, 2]) await consul.register(instance(service, host));
}

async function seesAll(it: ConsulFollower): Promise<void> {
  for (const service of services) await it.sees(service, both(service), 20_000);
}

const isIn = (it: ConsulFollower, state: "current" | "stale") =>
  until(() => it.source("dc-a")?.state === state, { within: 40_000, what: `the source is ${state}` });

const changes = (it: ConsulFollower) => it.notes.filter(({ kind }) => kind === "source-changed").length;

for (const [kind, ownWatches] of [
  ["by queries of their own", 64],
  ["by a roll call", 0],
] as const) {
  const limits = { ownWatches, waitMs: 1_000, connectMs: 500 };

  test(`watched ${kind}, nothing is lost when the leader is killed, twice, and changes are seen after it`, async () => {
    await using consul = await startConsulCluster();
    await registerAll(consul);
    await using it = followConsul({ datacenters: [{ name: "dc-a", addresses: consul.urls }], services, limits });
    await seesAll(it);
    let expected = services.length;
    for (let round = 0; round < 2; round++) {
      const leader = await consul.leader();
      await consul.kill(leader);
      await consul.leader();
      await isIn(it, "current");
      assert.equal(changes(it), expected, "endpoints changed although Consul's data did not");
      const [first = "", second = ""] = both("beta");
      await consul.register({ ...instance("beta", 2), status: "critical" });
      await it.sees("beta", [first, second.replace("serving", "failing")], 20_000);
      await consul.register(instance("beta", 2));
      await it.sees("beta", [first, second], 20_000);
      expected += 2;
      await consul.start(leader);
    }
    await isIn(it, "current");
    assert.equal(changes(it), expected, "only what was done to beta changed anything");
  });

  test(`watched ${kind}, a lost quorum removes nothing, shows as stale with its age, and is got over`, async () => {
    await using consul = await startConsulCluster();
    await registerAll(consul);
    await using it = followConsul({ datacenters: [{ name: "dc-a", addresses: consul.urls }], services, limits });
    await seesAll(it);
    const before = Date.now();
    await consul.kill(0);
    await consul.kill(1);
    await isIn(it, "stale");
    const { since, cause, lastSeen } = it.source("dc-a") ?? {};
    assert.ok(since && since.getTime() >= before, "stale since the quorum was lost");
    assert.ok(lastSeen && lastSeen.getTime() <= since.getTime(), "and seen before that");
    // The leader is missing, or whoever could say so does not answer.
    assert.ok(cause, "it says why");
    assert.equal(changes(it), services.length);
    for (const service of services) assert.deepEqual(it.endpoints(service), both(service));
    await consul.start(0);
    await consul.start(1);
    await consul.leader();
    await isIn(it, "current");
    assert.equal(changes(it), services.length, "endpoints changed although Consul's data did not");
    await consul.deregister(instance("gamma", 1));
    await it.sees("gamma", both("gamma").slice(1), 60_000);
  });
}

test("a server that hangs is left for the next address, and nothing is lost", async () => {
  await using consul = await startConsulCluster();
  await registerAll(consul);
  const leader = await consul.leader();
  const follower = consul.urls.findIndex((_, index) => index !== leader);
  const addresses = [consul.urls[follower] ?? "", consul.urls[leader] ?? ""];
  const limits = { waitMs: 1_000, returnMs: 500 };
  await using it = followConsul({ datacenters: [{ name: "dc-a", addresses }], services, limits });
  await seesAll(it);
  consul.freeze(follower);
  const movedTo = (address: string) => () =>
    it.notes.some((note) => note.kind === "source-failed-over" && note.to === address);
  await until(movedTo(addresses[1] ?? ""), { within: 20_000, what: "the leader is asked" });
  await isIn(it, "current");
  await consul.call(leader, "PUT", "/v1/catalog/deregister", { Node: "external", ServiceID: "alpha-1" });
  await it.sees("alpha", both("alpha").slice(1), 10_000);
  consul.thaw(follower);
  await isIn(it, "current");
  assert.equal(changes(it), services.length + 1);
});

test("through an agent that is no server, a server that is killed is made up for by the others", async () => {
  await using consul = await startConsulCluster();
  await registerAll(consul);
  const addresses = [await consul.agent()];
  for (const ownWatches of [0, 64]) {
    await using it = followConsul({
      datacenters: [{ name: "dc-a", addresses }],
      services,
      limits: { ownWatches, waitMs: 1_000 },
    });
    await seesAll(it);
    const leader = await consul.leader();
    await consul.kill(leader);
    await consul.leader();
    await consul.register({ ...instance("beta", 2), status: "critical" });
    await it.sees("beta", [both("beta")[0] ?? "", `${instance("beta", 2).address}:9090 failing`], 30_000);
    await consul.register(instance("beta", 2));
    await seesAll(it);
    await isIn(it, "current");
    assert.equal(changes(it), services.length + 2, "only what was done to beta changed anything");
    await consul.start(leader);
  }
});

test("a server that lost its data says so by its index: what it says is told, with that evidence", async () => {
  await using consul = await startConsulCluster({ servers: 1 });
  // So that the index of the new data stays below that of the old.
  for (let round = 0; round < 20; round++) await registerAll(consul);
  const limits = { waitMs: 1_000 };
  await using it = followConsul({ datacenters: [{ name: "dc-a", addresses: consul.urls }], services, limits });
  await seesAll(it);
  await consul.kill(0);
  await isIn(it, "stale");
  await consul.wipe(0);
  await consul.start(0);
  await consul.leader();
  await it.sees("alpha", [], 20_000);
  const state = it.state("alpha");
  const rewound = state?.kind === "current" ? state.evidence?.rewound : undefined;
  assert.ok(rewound && rewound.to < rewound.from, "the state carries the evidence");
  assert.ok(it.notes.some((note) => note.kind === "source-rewound" && note.feed.includes("alpha")));
});
