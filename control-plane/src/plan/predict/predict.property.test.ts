import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { defaultPolicy } from "../../model/default-policy.ts";
import type { LoadBalancer, TrafficPolicy } from "../../model/policy.ts";
import { addressText } from "../../model/service.ts";
import type { Condition, Trouble } from "./condition.ts";
import { predictShares } from "./predict.ts";
import { spreadOf, type TestLocality } from "./testing.ts";

const locality = (priority: number) =>
  fc.record({
    weight: fc.integer({ min: 1, max: 1_000 }),
    hosts: fc
      .array(fc.constantFrom("ok", "ok*3", "bad", "weak", "leaving"), { minLength: 1, maxLength: 5 })
      .map((words) => words.join(" ")),
    priority: fc.constant(priority),
  });

const localities: fc.Arbitrary<readonly TestLocality[]> = fc
  .integer({ min: 1, max: 3 })
  .chain((levels) =>
    fc.tuple(
      ...Array.from({ length: levels }, (_, level) => fc.array(locality(level), { minLength: 1, maxLength: 3 })),
    ),
  )
  .map((levels) => levels.flat().map((each, index) => ({ ...each, in: `dc-${index}` })));

const hashed = { hashOn: [], balanceFactor: undefined };
const loadBalancer = fc.constantFrom<LoadBalancer>(
  { kind: "round-robin", slowStart: undefined },
  { kind: "random" },
  { kind: "ring-hash", minimumRingSize: 128, maximumRingSize: 1_024, ...hashed },
  { kind: "maglev", tableSize: 1_009, ...hashed },
);

const policy: fc.Arbitrary<TrafficPolicy> = fc.record({
  ...Object.fromEntries(Object.entries(defaultPolicy).map(([key, value]) => [key, fc.constant(value)])),
  loadBalancer,
  panicThreshold: fc.integer({ min: 0, max: 100 }),
  overprovisioningFactor: fc.integer({ min: 100, max: 300 }),
}) as fc.Arbitrary<TrafficPolicy>;

const troubles = fc.array(fc.option(fc.constantFrom<Trouble>("gone", "erring", "ejected")), { maxLength: 45 });

test("requests are never sent twice, and what is not sent fails", () => {
  fc.assert(
    fc.property(
      localities,
      policy,
      fc.constantFrom("envoy", "grpc"),
      troubles,
      fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { nil: undefined }),
      (there, wanted, client, wrong, hash) => {
        const spread = spreadOf(there);
        const addresses = spread.flatMap(({ members }) => members.map(({ endpoint }) => addressText(endpoint.address)));
        const condition: Condition = new Map(
          addresses.flatMap((address, index) => {
            const trouble = wrong[index];
            return trouble ? [[address, trouble] as const] : [];
          }),
        );
        const {
          priorities,
          localities: shares,
          endpoints,
          failed,
        } = predictShares(spread, wanted, client, condition, hash);
        const sent = sum(endpoints.map(({ share }) => share));
        assert.ok([...endpoints, ...shares].every(({ share }) => share >= 0 && share <= 1 + 1e-9));
        assert.ok(Math.abs(sum(shares.map(({ share }) => share)) - sent) < 1e-9);
        assert.ok(sent < 1e-9 || Math.abs(sent - 1) < 1e-9 || client === "envoy", `${sent} sent`);
        assert.ok(
          sent <= 1 + 1e-9 && failed >= 1 - sent - 1e-9 && failed <= 1 + 1e-9,
          `${sent} sent, ${failed} failed`,
        );
        const load = sum(priorities.map((each) => each.load));
        assert.ok(Math.abs(load - 1) < 1e-9 || load === 0, `${load} in all priorities`);
      },
    ),
    { numRuns: 400 },
  );
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
