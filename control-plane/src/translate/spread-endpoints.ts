import { type Locality, matchesLocality } from "../model/locality.ts";
import { addressText, type Endpoint, type Health, type Service } from "../model/service.ts";
import { nearest, type Override, type Split, type SplitRule } from "../model/split.ts";
import type { Viewer } from "../model/viewer.ts";
import { type LocalityGroup, type Placed, placeLocalities, priorityWeight } from "./locality-priority.ts";

/** What decides where a caller's requests to a service go. */
export type Spreading = {
  readonly rule: SplitRule;
  readonly overrides: readonly Override[];
  readonly caller: Locality;
  /** Percent. */
  readonly overprovisioningFactor: number;
};

/** A locality in a priority, as a kind of client is told of it. */
export type SpreadLocality = {
  readonly priority: number;
  readonly locality: Locality;
  /** Relative to the other localities of the same priority. */
  readonly weight: number;
  readonly members: readonly Member[];
};

/** An endpoint and the health that is said of it. */
export type Member = { readonly endpoint: Endpoint; readonly health: Health };

/** The first rule that matches the caller, and its place in the list; -1 and `nearest` where none does. */
export function ruleFor(
  split: Split | undefined,
  caller: Locality,
): { readonly rule: SplitRule; readonly index: number } {
  const index = split ? split.rules.findIndex(({ from }) => matchesLocality(from, caller)) : -1;
  return { rule: split?.rules[index] ?? nearest, index };
}

/** A service's endpoints in the order of priorities, as one kind of client in one place is to see them. */
export function spreadEndpoints(
  { endpoints }: Service,
  { rule, overrides, caller, overprovisioningFactor }: Spreading,
  flavour: Viewer["flavour"],
): readonly SpreadLocality[] {
  const { priorities, draining } = placeLocalities(oncePerAddress(endpoints), rule, overrides, caller);
  const levels =
    flavour === "envoy"
      ? envoyLevels(priorities, draining)
      : grpcLevels(priorities, draining, overprovisioningFactor / 100);
  return levels.flatMap((level, priority) => level.map((entry) => ({ priority, ...entry })));
}

type Entry = Omit<SpreadLocality, "priority">;

/**
 * Draining endpoints get a priority of their own, after all others: in one with live ones they would count as unhealthy
 * hosts there, which moves shares, spills to the next priority, and with enough of them starts a panic that sends them
 * requests. Envoy finishes what is in flight on them either way.
 */
function envoyLevels(
  priorities: readonly (readonly Placed[])[],
  draining: readonly LocalityGroup[],
): readonly (readonly Entry[])[] {
  const live = priorities.map((placed) =>
    placed.map(({ group, weight }) => ({ locality: group.locality, weight, members: group.live.map(asItIs) })),
  );
  return draining.length > 0 ? [...live, draining.map(leaving)] : live;
}

/**
 * gRPC uses healthy endpoints only (gRFC A27). Draining ones stay in their own locality, since gRPC Java keeps one entry per
 * locality whatever its priority: a second one would replace the live endpoints.
 */
function grpcLevels(
  priorities: readonly (readonly Placed[])[],
  draining: readonly LocalityGroup[],
  overprovisioning: number,
): readonly (readonly Entry[])[] {
  const live = priorities.map((placed) => {
    const tell = lettingInDegraded(placed, overprovisioning) ? degradedServing : asItIs;
    return placed.map(({ group, weight }) => ({
      locality: group.locality,
      weight,
      members: [...group.live, ...group.draining].map(tell),
    }));
  });
  const placed = new Set(priorities.flat().map(({ group }) => group));
  const others = draining.filter((group) => !placed.has(group));
  return others.length > 0 ? [...live, others.map(leaving)] : live;
}

/**
 * Envoy gives degraded endpoints what the healthy ones of a priority, overprovisioned, cannot take. gRPC knows nothing in
 * between: here they are in as soon as the healthy ones alone could not take all.
 */
function lettingInDegraded(placed: readonly Placed[], overprovisioning: number): boolean {
  const live = placed.flatMap(({ group }) => group.live);
  const serving = live.filter(({ health }) => health === "serving").length;
  return serving * overprovisioning < live.length;
}

function asItIs(endpoint: Endpoint): Member {
  return { endpoint, health: endpoint.health };
}

function degradedServing(endpoint: Endpoint): Member {
  return { endpoint, health: endpoint.health === "degraded" ? "serving" : endpoint.health };
}

function leaving({ locality, draining }: LocalityGroup): Entry {
  return { locality, weight: priorityWeight, members: draining.map(asItIs) };
}

/** gRPC refuses an assignment that holds an address twice. */
function oncePerAddress(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const byAddress = new Map<string, Endpoint>();
  for (const endpoint of endpoints) {
    const address = addressText(endpoint.address);
    if (!byAddress.has(address)) byAddress.set(address, endpoint);
  }
  return byAddress.size === endpoints.length ? endpoints : [...byAddress.values()];
}
