import { defaultPolicy } from "../../model/default-policy.ts";
import type { Distances } from "../../model/distances.ts";
import type { HeldHealth } from "../../model/held-health.ts";
import { type Locality, matchesLocality } from "../../model/locality.ts";
import type { TrafficPolicy } from "../../model/policy.ts";
import type { Service } from "../../model/service.ts";
import { type Expected, nearest, type Override, type Split, type SplitRule } from "../../model/split.ts";
import type { World } from "../../model/world.ts";

/** What decides where a caller's requests to a service go. */
export type Spreading = {
  readonly rule: SplitRule;
  readonly overrides: readonly Override[];
  readonly caller: Locality;
  /** Percent. */
  readonly overprovisioningFactor: number;
  /** Envoy's hashing policies leave a locality its weight, however few of its endpoints are healthy. */
  readonly keepsWeights: boolean;
  readonly distances: Distances;
  readonly held: HeldHealth;
  /** Undefined: nobody said what callers send, or what regions bear. */
  readonly limits: Limits | undefined;
};

/** What regions bear and what callers send, in requests a second. */
export type Limits = {
  readonly split: Split;
  readonly rpsPerEndpoint: number | undefined;
  /** Those whose serving ones are counted: of a subset, the endpoints of the whole service. */
  readonly endpoints: Service["endpoints"];
};

const nothingHeld: HeldHealth = new Map();

/** What holds for callers at this place. */
export function spreadingOf(
  { splits, policies, held, distances }: Pick<World, "splits" | "policies" | "held" | "distances">,
  { spec, endpoints }: Service,
  caller: Locality,
): Spreading {
  const split = splits.get(spec.name);
  const policy = policies.get(spec.name) ?? defaultPolicy;
  const rpsPerEndpoint = spec.capacity?.rpsPerEndpoint;
  const isLimited =
    split && split.expectedRps.length > 0 && (split.ceilings.length > 0 || rpsPerEndpoint !== undefined);
  return {
    rule: ruleFor(split, caller).rule,
    overrides: split?.overrides ?? [],
    caller,
    overprovisioningFactor: policy.overprovisioningFactor,
    keepsWeights: keepsWeights(policy),
    distances,
    held: held.get(spec.name) ?? nothingHeld,
    limits: isLimited ? { split, rpsPerEndpoint, endpoints } : undefined,
  };
}

/** Whether Envoy leaves localities their weights with this policy. */
export function keepsWeights({ loadBalancer }: TrafficPolicy): boolean {
  return hashing.has(loadBalancer.kind);
}

const hashing: ReadonlySet<TrafficPolicy["loadBalancer"]["kind"]> = new Set(["ring-hash", "maglev"]);

/** The first rule that matches the caller, and its place in the list; -1 and `nearest` where none does. */
export function ruleFor(
  split: Split | undefined,
  caller: Locality,
): { readonly rule: SplitRule; readonly index: number } {
  const index = split ? split.rules.findIndex(({ from }) => matchesLocality(from, caller)) : -1;
  return { rule: split?.rules[index] ?? nearest, index };
}

/** The narrowest of what is expected that names the caller, as its place in the list; -1 where none does. */
export function expectedFrom(expected: readonly Expected[], caller: Locality): number {
  let found = -1;
  for (const [index, { from }] of expected.entries())
    if (matchesLocality(from, caller) && depth(from) > depth(expected[found]?.from)) found = index;
  return found;
}

function depth(pattern: Expected["from"] | undefined): number {
  if (pattern === undefined) return -1;
  return [pattern.region, pattern.zone, pattern.subZone].filter((part) => part !== undefined).length;
}
