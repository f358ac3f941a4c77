import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPolicy } from "../../model/default-policy.ts";
import { predictShares } from "./predict.ts";
import { shares, spreadOf, trouble } from "./testing.ts";

const outlier = defaultPolicy.outlierDetection;
const ejecting = (maxEjectionPercent: number) =>
  ({ outlierDetection: outlier.kind === "on" ? { ...outlier, maxEjectionPercent } : outlier }) as const;

const twoAndOne = [
  { in: "dc-a", weight: 70, hosts: "ok ok ok" },
  { in: "dc-b", weight: 30, hosts: "ok ok ok" },
  { in: "dc-c", priority: 1, hosts: "ok ok ok" },
];
const inOrder = ["dc-a", "dc-b", "dc-c"].map((dc, priority) => ({ in: dc, priority, hosts: "ok ok ok" }));
const side = ["dc-a", "dc-b", "dc-c"].map((dc) => ({ in: dc, hosts: "ok ok ok" }));

// The figures are those that were measured with Envoy 1.40 and grpc-js-xds 1.14, but for what chance added.
test("weights hold while all is well, on both kinds of client", () => {
  assert.deepEqual(shares(twoAndOne), { "dc-a": 70, "dc-b": 30 });
  assert.deepEqual(shares(twoAndOne, { client: "grpc" }), { "dc-a": 70, "dc-b": 30 });
});

test("Envoy spills over what half of a priority, overprovisioned, cannot take", () => {
  const condition = trouble("erring", [1, 2, 3]);
  assert.deepEqual(shares(twoAndOne, { condition }), { "dc-b": 70, "dc-c": 30 });
});

test("a gRPC client stays in a priority while anything there answers", () => {
  const condition = trouble("erring", [1, 2, 3]);
  assert.deepEqual(shares(twoAndOne, { condition, client: "grpc" }), { "dc-b": 100 });
});

test("both fail over when nothing is left of the first priority", () => {
  for (const client of ["envoy", "grpc"] as const) {
    const condition = trouble("gone", [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(shares(twoAndOne, { condition, client }), { "dc-c": 100 }, client);
  }
});

test("10 % of nine hosts is none to Envoy: a data center that errs keeps its requests", () => {
  const condition = trouble("erring", [1, 2, 3]);
  assert.deepEqual(shares(inOrder, { condition, policy: ejecting(10) }), { "dc-a": 100, failed: 100 });
  assert.deepEqual(shares(inOrder, { condition, policy: ejecting(34) }), { "dc-b": 100 });
});

test("with two of three data centers failing, 50 % of the hosts may be ejected and the others fail requests", () => {
  const condition = trouble("erring", [1, 2, 3, 4, 5, 6]);
  const half = shares(inOrder, { condition, policy: ejecting(50) });
  assert.ok((half["failed"] ?? 0) > 80, JSON.stringify(half));
  assert.deepEqual(shares(inOrder, { condition, policy: ejecting(100) }), { "dc-c": 100 });
});

test("gRPC ejects one host where 10 % of nine are not even one", () => {
  const condition = trouble("erring", [1]);
  assert.deepEqual(shares(side, { condition, policy: ejecting(10) })["failed"], 11.1);
  assert.deepEqual(shares(side, { condition, policy: ejecting(10), client: "grpc" })["failed"], undefined);
});

test("below the panic threshold all hosts are used alike, whatever their localities weigh", () => {
  const unequal = side.map((each, index) => ({ ...each, weight: [70, 20, 10][index] ?? 0 }));
  const condition = trouble("erring", [1, 2, 3, 4, 5, 6]);
  const panic = { policy: { panicThreshold: 50 }, condition };
  assert.deepEqual(shares(unequal, panic), { "dc-a": 33.3, "dc-b": 33.3, "dc-c": 33.3, failed: 66.7 });
  assert.deepEqual(shares(unequal, { condition }), { "dc-c": 100 });
});

test("with all hosts bad a panic uses all of them, and without one nothing is sent", () => {
  const condition = trouble("erring", [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(shares(side, { condition }), { "dc-a": 33.3, "dc-b": 33.3, "dc-c": 33.3, failed: 100 });
  assert.deepEqual(shares(side, { condition, policy: { panicThreshold: 0 } }), { failed: 100 });
  assert.deepEqual(shares(side, { condition, client: "grpc" }), { failed: 100 });
});

test("a locality keeps its weight until the overprovisioning is used up", () => {
  const halves = (hosts: string) => [
    { in: "dc-a", weight: 50, hosts },
    { in: "dc-b", weight: 50, hosts: "ok ok ok ok" },
  ];
  assert.deepEqual(shares(halves("ok ok ok bad")), { "dc-a": 50, "dc-b": 50 });
  // 1.4 x 1/2 = 0.7 of its weight.
  assert.deepEqual(shares(halves("ok ok bad bad")), { "dc-a": 41.2, "dc-b": 58.8 });
  assert.deepEqual(shares(halves("ok ok bad bad"), { policy: { overprovisioningFactor: 200 } }), {
    "dc-a": 50,
    "dc-b": 50,
  });
  assert.deepEqual(shares(halves("ok ok bad bad"), { client: "grpc" }), { "dc-a": 50, "dc-b": 50 });
});

test("degraded hosts take what the healthy ones cannot", () => {
  const weakened = [{ in: "dc-a", hosts: "ok weak weak weak" }];
  const { endpoints, priorities } = predictShares(spreadOf(weakened), defaultPolicy, "envoy");
  // 140 x 1/4 = 35 % for the healthy one.
  assert.deepEqual(
    endpoints.map(({ share }) => Math.round(share * 10_000)),
    [3500, 2167, 2167, 2167],
  );
  assert.deepEqual(priorities, [{ priority: 0, load: 1, panic: false }]);
});

test("Envoy gives hosts by their weights, gRPC alike", () => {
  const uneven = spreadOf([{ in: "dc-a", hosts: "ok*3 ok*1" }]);
  const of = (client: "envoy" | "grpc") =>
    predictShares(uneven, defaultPolicy, client).endpoints.map(({ share }) => share);
  assert.deepEqual(of("envoy"), [0.75, 0.25]);
  assert.deepEqual(of("grpc"), [0.5, 0.5]);
});

test("priorities' whole percents add up to 100, and what rounding leaves is the first one's", () => {
  // Envoy's own example: 10/20/10 % healthy and 20/10/0 % degraded are 16/28/14 and 28/14/0, the first with 2 more.
  const thirds = [0, 1].map((priority) => ({
    in: `dc-${priority}`,
    priority,
    hosts: "ok bad bad bad bad bad bad bad",
  }));
  assert.deepEqual(shares(thirds, { policy: { panicThreshold: 0 } }), { "dc-0": 50, "dc-1": 50 });
  const three = [0, 1, 2].map((priority) => ({
    in: `dc-${priority}`,
    priority,
    hosts: "ok bad bad bad bad bad bad bad",
  }));
  assert.deepEqual(shares(three, { policy: { panicThreshold: 0 } }), { "dc-0": 34, "dc-1": 33, "dc-2": 33 });
});

test("a service without endpoints fails every request", () => {
  assert.equal(predictShares([], defaultPolicy, "envoy").failed, 1);
  assert.equal(predictShares([], defaultPolicy, "grpc").failed, 1);
});
