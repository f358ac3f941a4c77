import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPolicy } from "../model/default-policy.ts";
import { type GrpcCapabilities, grpcCapabilities } from "../model/grpc-capabilities.ts";
import { unknownLocality } from "../model/locality.ts";
import type { TrafficPolicy } from "../model/policy.ts";
import type { Viewer } from "../model/viewer.ts";
import { createFitting } from "./fitting.ts";

const viewer = (grpc: GrpcCapabilities): Viewer => ({ flavour: "grpc", locality: unknownLocality, grpc });
const node = viewer({ implementation: "node", lacks: [] });
const go = viewer({ implementation: "go", lacks: [] });
const oldGo = viewer(grpcCapabilities("go", [1, 40]));

const patient: TrafficPolicy = {
  ...defaultPolicy,
  retry: { ...retryOn(defaultPolicy), backOff: { baseMs: 500, maxMs: 10_000 } },
};
const hashed: TrafficPolicy = {
  ...defaultPolicy,
  loadBalancer: {
    kind: "ring-hash",
    hashOn: [{ kind: "header", name: "x-report-id" }],
    minimumRingSize: 1024,
    maximumRingSize: 4096,
    balanceFactor: undefined,
  },
};

test("what a client can be told of as it is stays the same object", () => {
  const fitting = createFitting();
  for (const each of [node, go, oldGo]) assert.equal(fitting.policy(defaultPolicy, each), defaultPolicy);
  assert.equal(fitting.policy(patient, go), patient);
  assert.equal(fitting.policy(hashed, node), hashed);
  assert.equal(fitting.textOf(patient), "");
});

test("the Node client is never told to wait for a second or more, which it would take for ten times as long", () => {
  const fitting = createFitting();
  const fitted = fitting.policy(patient, node);
  assert.deepEqual(retryOn(fitted).backOff, { baseMs: 500, maxMs: 999 });
  assert.equal(fitting.policy(patient, node), fitted, "and equal wishes are the same object again");
  assert.equal(fitting.textOf(fitted), "node");
});

test("the C core is never told to wait for 1 ms, with which its calls hang", () => {
  const hasty: TrafficPolicy = { ...patient, retry: { ...retryOn(patient), backOff: { baseMs: 1, maxMs: 1 } } };
  const core = viewer({ implementation: "core", lacks: [] });
  assert.deepEqual(retryOn(createFitting().policy(hasty, core)).backOff, { baseMs: 2, maxMs: 2 });
  assert.equal(createFitting().policy(hasty, node), hasty);
});

test("the Node client always counts calls, and ejects nothing while outlier detection is off", () => {
  const off: TrafficPolicy = { ...defaultPolicy, outlierDetection: { kind: "off" } };
  const told = createFitting().policy(off, node).outlierDetection;
  assert.ok(told.kind === "on" && told.failurePercentage.enforcing === 100);
  assert.ok(told.failurePercentage.minimumHosts > 1_000_000, "which no service has");
  assert.equal(createFitting().policy(off, go), off);
});

test("a version that does not know ring hash is sent round robin, for it would refuse the cluster", () => {
  assert.equal(createFitting().policy(hashed, oldGo).loadBalancer.kind, "round-robin");
});

test("the Node client is sent round robin for weights by load, with which it would starve new endpoints", () => {
  const policy: TrafficPolicy = {
    ...defaultPolicy,
    loadBalancer: {
      kind: "weighted-round-robin",
      blackoutMs: 10_000,
      weightExpirationMs: 180_000,
      weightUpdateMs: 1_000,
      errorUtilizationPenalty: 1,
      metrics: [],
      outOfBand: undefined,
      slowStart: undefined,
    },
  };
  assert.equal(createFitting().policy(policy, node).loadBalancer.kind, "round-robin");
  assert.equal(createFitting().policy(policy, go), policy);
});

test("a rule's own retries are fitted too, and the rules beside it stay as they are", () => {
  const fitting = createFitting();
  const routes = [routeWith(retryOn(patient)), routeWith(retryOn(defaultPolicy))];
  const [first, second] = fitting.routes(routes, node);
  assert.deepEqual(first?.rules[0]?.retry?.kind === "on" && first.rules[0].retry.backOff.maxMs, 999);
  assert.equal(second, routes[1]);
  assert.equal(fitting.routes(routes, go), routes);
});

function retryOn({ retry }: TrafficPolicy) {
  assert.ok(retry.kind === "on");
  return retry;
}

function routeWith(retry: TrafficPolicy["retry"]) {
  const rule = {
    ...{ name: undefined, matches: [], backends: [], mirrors: [], hashOn: undefined, retry },
    timeouts: { requestMs: undefined, idleMs: undefined, streamIdleMs: undefined, maxStreamMs: undefined },
    requestHeaders: { set: [], add: [], remove: [] },
    responseHeaders: { set: [], add: [], remove: [] },
    ...{ sessionAffinity: undefined, fault: undefined, rateLimit: undefined },
  };
  return { name: "report", hosts: ["report"], rules: [rule] };
}
