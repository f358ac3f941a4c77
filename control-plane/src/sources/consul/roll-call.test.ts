import assert from "node:assert/strict";
import { test } from "node:test";
import { aborted } from "../../lib/wait.ts";
import type { ConsulFeed, Sighting } from "../feed.ts";
import { endpoint, sourceName } from "../testing.ts";
import type { DatacenterClient } from "./consul-datacenter.ts";
import { consulLimits } from "./consul-limits.ts";
import type { ConsulAnswer } from "./consul-request.ts";
import { createRollCall } from "./roll-call.ts";

const feedOf = (service: string): ConsulFeed => ({
  ...{ kind: "consul", key: `consul/dc-a/${service}`, source: sourceName("consul/dc-a"), datacenter: "dc-a" },
  ...{ service, tags: [], passingOnly: true },
  localityRules: { regionFrom: "datacenter", zoneFrom: [] },
});

/** A data center that a test changes by hand, and the roll call of these services. */
function callOf(services: readonly string[], sweepMs = 3_600_000) {
  const now = {
    ...{ index: 1, failing: undefined as string | undefined, checks: [] as readonly object[], hosts: 1 },
    /** So many answers fail, and then no more. */
    hiccups: 0,
    /** What servers answer that are not the leader, where they lag behind. */
    hostsOfOthers: undefined as number | undefined,
  };
  const reads: string[] = [];
  let changed = Promise.withResolvers<void>();
  const answer = (text: string): ConsulAnswer => ({
    ...{ index: now.index, knownLeader: true, lastContactMs: 0, filtered: false, text },
  });
  const datacenter: DatacenterClient = {
    configured: {
      ...{ name: "dc-a", region: "dc-a", datacenter: "dc-a", addresses: [], tokenFile: undefined, tls: undefined },
      stale: true,
    },
    source: sourceName("consul/dc-a"),
    async ask(path, { index }, signal) {
      if (index === now.index) await Promise.race([changed.promise, aborted(signal)]);
      signal.throwIfAborted();
      if (now.failing !== undefined) throw new Error(now.failing);
      if (now.hiccups > 0) {
        now.hiccups--;
        throw new Error("a hiccup");
      }
      return answer(path.includes("/state/") ? JSON.stringify(now.checks) : "{}");
    },
    mistrust: () => true,
    [Symbol.dispose]() {},
  };
  const stop = new AbortController();
  const rollCall = createRollCall({
    datacenter,
    async read(feed, _, { by }) {
      reads.push(feed.service);
      const endpoints = [endpoint(`10.0.0.${(by === "any" ? now.hostsOfOthers : undefined) ?? now.hosts}:1`)];
      const sighting = { kind: "seen", endpoints, skipped: [] } as const;
      return { index: now.index, digest: "", sighting, behind: 0, rewound: undefined };
    },
    explain: ({ service }, cause) => new Error(`${service}: ${(cause as Error).message}`),
    limits: {
      ...consulLimits,
      sweepMs,
      afterChangeMs: 1_500,
      rate: { burst: 1_000, everyMs: 1 },
      backoff: { baseMs: 1, maxMs: 5 },
    },
    monotonicMs: () => performance.now(),
    random: () => 0,
  });
  const newest = new Map<string, Sighting>();
  const seen: string[] = [];
  const follow = async (service: string) => {
    for await (const sighting of rollCall.join(feedOf(service), stop.signal)) {
      newest.set(service, sighting);
      seen.push(`${service} ${sighting.kind}`);
    }
  };
  for (const service of services) void follow(service);
  return {
    ...{ now, reads, newest, seen },
    /** Wakes the queries. */
    move(change: Partial<typeof now> = {}) {
      Object.assign(now, change);
      now.index++;
      changed.resolve();
      changed = Promise.withResolvers();
    },
    async until(condition: () => boolean) {
      const end = performance.now() + 10_000;
      while (!condition()) {
        if (performance.now() > end) throw new Error(`not in time: ${seen.join(", ")}`);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
    [Symbol.dispose]() {
      stop.abort();
      rollCall[Symbol.dispose]();
    },
  };
}

const check = (service: string, modified: number) => ({
  ...{ Node: "n", CheckID: service, ServiceName: service, ModifyIndex: modified },
});
const services = ["a", "b", "c"];

test("each service is read once at the start, and after that only what changed", async () => {
  using it = callOf(services);
  await it.until(() => it.newest.size === 3);
  assert.deepEqual(it.reads.toSorted(), services);
  it.move({ checks: [check("b", 2)] });
  await it.until(() => it.reads.length > 3);
  assert.ok(it.reads.slice(3).every((service) => service === "b"));
});

test("a change that nothing explains has all read", async () => {
  using it = callOf(services);
  await it.until(() => it.newest.size === 3);
  it.move({ hosts: 2 });
  const hosts = () =>
    [...it.newest.values()].map((sighting) => sighting.kind === "seen" && sighting.endpoints[0]?.address.host);
  await it.until(() => hosts().join() === "10.0.0.2,10.0.0.2,10.0.0.2");
});

test("what was told of is seen although all servers but the leader lag behind", async () => {
  using it = callOf(services);
  await it.until(() => it.newest.size === 3);
  it.move({ checks: [check("b", 2)], hosts: 2, hostsOfOthers: 1 });
  const host = () => {
    const sighting = it.newest.get("b");
    return sighting?.kind === "seen" && sighting.endpoints[0]?.address.host;
  };
  await it.until(() => host() === "10.0.0.2");
});

test("what a lagging server did not know when all were read is seen soon after", async () => {
  using it = callOf(services);
  await it.until(() => it.newest.size === 3);
  it.move({ hosts: 2, hostsOfOthers: 1 });
  await it.until(() => it.reads.length >= 6);
  it.now.hostsOfOthers = undefined;
  const hosts = () =>
    [...it.newest.values()].map((sighting) => sighting.kind === "seen" && sighting.endpoints[0]?.address.host);
  await it.until(() => hosts().join() === "10.0.0.2,10.0.0.2,10.0.0.2");
});

test("all are read once in a while, whatever was said", async () => {
  using it = callOf(services, 1);
  await it.until(() => it.reads.length >= 9);
});

test("when Consul cannot be asked every service fails, and each is read again once it can be", async () => {
  using it = callOf(services);
  await it.until(() => it.newest.size === 3);
  it.move({ failing: "no route" });
  await it.until(() => [...it.newest.values()].every(({ kind }) => kind === "failed"));
  const [first] = it.newest.values();
  assert.equal(first?.kind === "failed" && first.cause.message, "a: no route");
  it.move({ failing: undefined });
  await it.until(() => [...it.newest.values()].every(({ kind }) => kind === "seen"));
});

test("a query that fails once and is answered then makes nothing fail, and what changed meanwhile is seen", async () => {
  using it = callOf(services);
  await it.until(() => it.newest.size === 3);
  it.move({ hiccups: 1, checks: [check("b", 2)] });
  await it.until(() => it.reads.length > 3 && it.now.hiccups === 0);
  assert.ok(it.seen.every((each) => each.endsWith("seen")));
});

test("a service that joins while Consul cannot be asked is told so", async () => {
  using it = callOf(["a"]);
  it.now.failing = "no route";
  await it.until(() => it.newest.get("a")?.kind === "failed");
});
