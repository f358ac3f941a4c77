import assert from "node:assert/strict";
import { test } from "node:test";
import { problemText } from "../../lib/parsed.ts";
import { policy } from "../testing.ts";
import { parseDocument } from "./parse-document.ts";

function balancerOf(loadBalancer: object) {
  const parsed = parseDocument(policy("report", { loadBalancer }));
  assert.ok(parsed.ok && parsed.value.kind === "TrafficPolicy", JSON.stringify(parsed));
  return parsed.value.model.policy.loadBalancer;
}

function problemsOf(loadBalancer: object) {
  const parsed = parseDocument(policy("report", { loadBalancer }));
  return parsed.ok ? [] : parsed.problems.map((problem) => problemText(problem).replace("spec.loadBalancer", ""));
}

test("each type has its own defaults", () => {
  const slowStart = undefined;
  assert.deepEqual(balancerOf({}), { kind: "least-request", choices: 2, activeRequestBias: 1, slowStart });
  assert.deepEqual(balancerOf({ type: "RoundRobin" }), { kind: "round-robin", slowStart });
  assert.deepEqual(balancerOf({ type: "Random" }), { kind: "random" });
  const hashOn = [{ kind: "header", name: "x" }];
  assert.deepEqual(balancerOf({ type: "Maglev", consistentHash: { header: "x" } }), {
    kind: "maglev",
    hashOn,
    tableSize: 65_537,
    balanceFactor: undefined,
  });
  assert.deepEqual(balancerOf({ type: "RingHash", consistentHash: { header: "x" } }), {
    kind: "ring-hash",
    hashOn,
    minimumRingSize: 1024,
    maximumRingSize: 8_388_608,
    balanceFactor: undefined,
  });
  assert.deepEqual(balancerOf({ type: "WeightedRoundRobin" }), {
    kind: "weighted-round-robin",
    blackoutMs: 10_000,
    weightExpirationMs: 180_000,
    weightUpdateMs: 1000,
    errorUtilizationPenalty: 1,
    metrics: [],
    outOfBand: undefined,
    slowStart,
  });
});

test("requests are hashed by one source, or by the first of several that they have", () => {
  const cookie = { name: "session", ttl: "0s", path: "/" };
  const sources = [{ header: "x" }, { cookie }, { cookie: { name: "other" } }, { sourceAddress: {} }, { method: {} }];
  const balancer = balancerOf({ type: "RingHash", consistentHash: { firstOf: sources } });
  assert.deepEqual(balancer.kind === "ring-hash" && balancer.hashOn, [
    { kind: "header", name: "x" },
    { kind: "cookie", name: "session", path: "/", ttlMs: 0 },
    { kind: "cookie", name: "other", path: "", ttlMs: undefined },
    { kind: "source-address" },
    { kind: "method" },
  ]);
});

test("out-of-band reports and a slow start are on as soon as they are named", () => {
  const balancer = balancerOf({
    type: "WeightedRoundRobin",
    weightedRoundRobin: { outOfBand: {} },
    slowStart: { window: "30s" },
  });
  assert.ok(balancer.kind === "weighted-round-robin");
  assert.deepEqual(balancer.outOfBand, { periodMs: 10_000, port: undefined });
  assert.deepEqual(balancer.slowStart, { windowMs: 30_000, aggression: 1, minWeightPercent: 10 });
});

test("what does not go together is said, all of it at once", () => {
  assert.deepEqual(problemsOf({ type: "Random", choices: 3, slowStart: { window: "0s" } }), [
    ".slowStart.window: expected a duration from 1ms to 24h, not 0s",
    ".choices: is for LeastRequest, not Random",
    ".slowStart: is for RoundRobin, LeastRequest, WeightedRoundRobin, not Random",
  ]);
  assert.deepEqual(problemsOf({ type: "Maglev" }), [
    ": Maglev needs consistentHash: {header: …}, the header whose value decides",
  ]);
  assert.deepEqual(
    problemsOf({ type: "Maglev", consistentHash: { header: "x", tableSize: 5000, maximumRingSize: 100 } }),
    [
      ".consistentHash.maximumRingSize: is for RingHash, not Maglev",
      ".consistentHash.tableSize: 5000 is no prime number; the next is 5003",
    ],
  );
  assert.deepEqual(problemsOf({ type: "RingHash", consistentHash: { header: "x", method: {} } }), [
    ".consistentHash.method: expected only one of header, cookie, sourceAddress, method, firstOf, not header and method together",
  ]);
  assert.deepEqual(problemsOf({ type: "RingHash", consistentHash: { header: "x", maximumRingSize: 100 } }), [
    ".consistentHash.maximumRingSize: 100 is less than minimumRingSize 1024",
  ]);
});
