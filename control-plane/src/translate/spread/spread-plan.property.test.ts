import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { noDistances } from "../../model/distances.ts";
import { type HeldHealth, localityKey } from "../../model/held-health.ts";
import type { Locality } from "../../model/locality.ts";
import type { EndpointId, ServiceName, SourceName } from "../../model/names.ts";
import type { Endpoint, Health } from "../../model/service.ts";
import { plainSplit, type Split, type SplitRule } from "../../model/split.ts";
import type { Viewer } from "../../model/viewer.ts";
import { envoyShares, type Shares } from "./envoy-shares.ts";
import { groupHealth } from "./group-health.ts";
import { planSpread, type SpreadPlan } from "./spread-plan.ts";
import { ruleFor, type Spreading } from "./spreading.ts";

// Random worlds: two to five data centers, each caller with weights, a failover list and requests of its own.

const regions = ["dc-a", "dc-b", "dc-c", "dc-d", "dc-e"] as const;
type World = { readonly split: Split; readonly endpoints: readonly Endpoint[]; readonly held: HeldHealth };

const runs = { numRuns: 300, interruptAfterTimeLimit: 20_000 };
const flavour = fc.constantFrom<Viewer["flavour"]>("envoy", "grpc");

test("the first priority's weights are all of the requests, in every world", () => {
  fc.assert(
    fc.property(world(), flavour, (world, flavour) => {
      for (const plan of plansOf(world, flavour)) {
        if (plan.shares)
          assert.ok(Math.abs(sum(plan.shares.values()) - 1) < 1e-6, `shares of ${sum(plan.shares.values())}`);
        const keys = plan.levels.flat().map(({ group }) => localityKey(group.locality));
        assert.equal(new Set(keys).size, keys.length, "a locality stands in one priority only");
        assert.ok(plan.levels.every((level) => level.length > 0 && level.every(({ weight }) => weight >= 1)));
      }
    }),
    runs,
  );
});

test("no data center is over its ceiling while another that one of its callers may use has room", () => {
  fc.assert(
    fc.property(world(), flavour, (world, flavour) => {
      const plans = plansOf(world, flavour);
      const loads = new Map(regions.map((region) => [region, loadOf(world, plans, region)]));
      const room = (region: string) => ceilingOf(world, region) - (loads.get(region as (typeof regions)[number]) ?? 0);
      for (const region of regions) {
        if (room(region) > -1e-3) continue;
        for (const [index, plan] of plans.entries()) {
          if (shareAt(plan.shares, region) < 1e-6 || (world.split.expectedRps[index]?.rps ?? 0) < 1) continue;
          const usable = plan.levels
            .flat()
            .filter(({ group }) => group.live.some(({ health }) => health === "serving"));
          const others = new Set(usable.map(({ group }) => group.locality.region));
          for (const other of others)
            assert.ok(room(other) < 1, `${region} is over, ${other} has room for ${room(other)}`);
        }
      }
    }),
    runs,
  );
});

test("a weight of 0 that no failover names gets nothing while anything else lives", () => {
  fc.assert(
    fc.property(world(), flavour, (world, flavour) => {
      for (const [index, plan] of plansOf(world, flavour).entries()) {
        const rule = world.split.rules[index];
        if (rule?.spread.kind !== "shares" || rule.failover === "nearest") continue;
        const named = [
          ...rule.spread.to.filter(({ percent }) => percent > 0).map(({ locality }) => locality),
          ...rule.failover,
        ];
        const isNamed = ({ region }: Locality) => named.some((pattern) => pattern.region === region);
        if (!world.endpoints.some(({ locality }) => isNamed(locality))) continue;
        for (const { group } of plan.levels.flat()) assert.ok(isNamed(group.locality), group.locality.region);
      }
    }),
    runs,
  );
});

test("what Envoy makes of what it is told, by the health that sources tell, are the shares that were meant", () => {
  fc.assert(
    fc.property(world(), (world) => {
      for (const plan of plansOf(world, "envoy")) {
        if (plan.shares === undefined) continue;
        const seen = envoyShares(plan.levels, (group) => groupHealth(group, new Map(), "envoy"), {
          ...{ overprovisioningFactor: plan.overprovisioningFactor, keepsWeights: false },
        });
        for (const [key, share] of plan.shares)
          assert.ok(
            Math.abs((seen?.shares.get(key) ?? 0) - share) < 0.011,
            `${key}: ${seen?.shares.get(key)} for ${share}`,
          );
      }
    }),
    runs,
  );
});

test("the same world gives the same priorities, whatever the order of its endpoints", () => {
  fc.assert(
    fc.property(world(), flavour, fc.infiniteStream(fc.nat()), (world, flavour, order) => {
      const shuffled = world.endpoints
        .map((endpoint) => [order.next().value ?? 0, endpoint] as const)
        .sort(([a], [b]) => a - b)
        .map(([, endpoint]) => endpoint);
      assert.deepEqual(textsOf(plansOf({ ...world, endpoints: shuffled }, flavour)), textsOf(plansOf(world, flavour)));
    }),
    { numRuns: 100 },
  );
});

function world(): fc.Arbitrary<World> {
  return fc.integer({ min: 2, max: regions.length }).chain((count) => {
    const there = regions.slice(0, count);
    const health = fc.constantFrom<Health>("serving", "serving", "serving", "failing");
    const places = fc.tuple(...there.map(() => fc.array(health, { minLength: 1, maxLength: 5 })));
    const held = fc.array(fc.record({ region: fc.constantFrom(...there), percent: fc.constantFrom(0, 25, 50) }), {
      maxLength: 2,
    });
    const rules = fc.tuple(...there.map((region) => rule(region, there)));
    const rps = fc.tuple(...there.map(() => fc.integer({ min: 1, max: 1_000 })));
    const ceilings = fc.array(
      fc.record({ region: fc.constantFrom(...there), rps: fc.integer({ min: 0, max: 1_500 }) }),
      {
        maxLength: count,
      },
    );
    return fc.record({ places, held, rules, rps, ceilings }).map(({ places, held, rules, rps, ceilings }) => ({
      endpoints: places.flatMap((healths, at) =>
        healths.map((health, index) => endpoint(there[at] ?? "dc-a", health, `10.${at}.0.${index + 1}`)),
      ),
      held: new Map(held.map(({ region, percent }) => [localityKey(localityOf(region)), { percent, onEnvoy: true }])),
      split: {
        ...{ name: "report", service: "report" as ServiceName, ...plainSplit, rules },
        ceilings: [...new Map(ceilings.map((each) => [each.region, each])).values()],
        expectedRps: there.map((region, index) => ({ from: patternOf(region), rps: rps[index] ?? 0 })),
      },
    }));
  });
}

function rule(from: string, there: readonly string[]): fc.Arbitrary<SplitRule> {
  const weights = fc.tuple(...there.map(() => fc.constantFrom(0, 0, 1, 2, 5))).filter((each) => sum(each) > 0);
  return fc.tuple(weights, fc.shuffledSubarray([...there])).map(([weights, failover]) => ({
    from: patternOf(from),
    spread: {
      kind: "shares" as const,
      to: there.map((region, index) => ({
        locality: patternOf(region),
        percent: (100 * (weights[index] ?? 0)) / sum(weights),
      })),
    },
    failover: failover.filter((region) => weights[there.indexOf(region)] === 0).map(patternOf),
  }));
}

/** One for each expected caller, in that order. */
function plansOf({ split, endpoints, held }: World, flavour: Viewer["flavour"]): readonly SpreadPlan[] {
  return split.expectedRps.map(({ from: { region = "" } }) => {
    const caller = localityOf(region);
    const spreading: Spreading = {
      rule: ruleFor(split, caller).rule,
      ...{ overrides: [], caller, overprovisioningFactor: 140, keepsWeights: false, distances: noDistances, held },
      limits: split.ceilings.length > 0 ? { split, rpsPerEndpoint: undefined, endpoints } : undefined,
    };
    return planSpread(endpoints, spreading, flavour);
  });
}

function textsOf(plans: readonly SpreadPlan[]): readonly string[] {
  return plans.map(({ levels }) =>
    levels
      .map((level) => level.map(({ group, weight }) => `${localityKey(group.locality)} ${weight}`).join(", "))
      .join(" | "),
  );
}

function loadOf({ split }: World, plans: readonly SpreadPlan[], region: string): number {
  return sum(plans.map(({ shares }, index) => (split.expectedRps[index]?.rps ?? 0) * shareAt(shares, region)));
}

function ceilingOf({ split }: World, region: string): number {
  return split.ceilings.find((each) => each.region === region)?.rps ?? Number.POSITIVE_INFINITY;
}

function shareAt(shares: Shares | undefined, region: string): number {
  return sum([...(shares ?? [])].filter(([key]) => key.startsWith(`${region}/`)).map(([, share]) => share));
}

function sum(values: Iterable<number>): number {
  return [...values].reduce((total, value) => total + value, 0);
}

function endpoint(region: string, health: Health, host: string): Endpoint {
  const common = { weight: 100, metadata: {}, source: "test" as SourceName };
  return { id: host as EndpointId, address: { host, port: 9090 }, locality: localityOf(region), health, ...common };
}

function localityOf(region: string): Locality {
  return { region, zone: "z1", subZone: "" };
}

function patternOf(region: string) {
  return { region, zone: undefined, subZone: undefined };
}
