import type { Locality } from "../../model/locality.ts";
import { addressText, type Endpoint, type Health, type Service } from "../../model/service.ts";
import type { Viewer } from "../../model/viewer.ts";
import { type LocalityGroup, type Placed, priorityWeight } from "./locality-priority.ts";
import { ringWeights } from "./ring-weights.ts";
import { planSpread, type SpreadPlan } from "./spread-plan.ts";
import type { Spreading } from "./spreading.ts";

/** A locality in a priority, as a kind of client is told of it. */
export type SpreadLocality = {
  readonly priority: number;
  readonly locality: Locality;
  /** Relative to the other localities of the same priority. */
  readonly weight: number;
  readonly members: readonly Member[];
};

/** An endpoint, and the health and weight that are said of it. */
export type Member = { readonly endpoint: Endpoint; readonly health: Health; readonly weight: number };

/** A service's endpoints in the order of priorities, as one kind of client in one place is to see them. */
export type Spread = {
  readonly localities: readonly SpreadLocality[];
  /** Percent; an Envoy's arithmetic over these localities goes by it. */
  readonly overprovisioningFactor: number;
  /** Why they stand as they do. */
  readonly plan: SpreadPlan;
};

export function spreadOf({ endpoints }: Service, spreading: Spreading, flavour: Viewer["flavour"]): Spread {
  const plan = planSpread(oncePerAddress(endpoints), spreading, flavour);
  const levels = flavour === "envoy" ? envoyLevels(plan) : grpcLevels(plan, spreading);
  return {
    plan,
    overprovisioningFactor: plan.overprovisioningFactor,
    localities: levels.flatMap((level, priority) => level.map((entry) => ({ priority, ...entry }))),
  };
}

type Entry = Omit<SpreadLocality, "priority">;

/**
 * Draining endpoints get a priority of their own, after all others: in one with live ones they would count as unhealthy
 * hosts there, which moves shares, spills to the next priority, and with enough of them starts a panic that sends them
 * requests. Envoy finishes what is in flight on them either way.
 */
function envoyLevels({ levels, draining }: SpreadPlan): readonly (readonly Entry[])[] {
  const live = levels.map((placed) =>
    placed.map(({ group, weight }) => ({ locality: group.locality, weight, members: group.live.map(asItIs) })),
  );
  return draining.length > 0 ? [...live, draining.map(leaving)] : live;
}

/**
 * gRPC uses healthy endpoints only (gRFC A27). Draining ones stay in their own locality, since gRPC Java keeps one entry per
 * locality whatever its priority: a second one would replace the live endpoints.
 */
function grpcLevels(
  plan: SpreadPlan,
  { overprovisioningFactor, keepsWeights: isHashed }: Spreading,
): readonly (readonly Entry[])[] {
  const { levels, draining, shares, usesDegraded } = plan;
  const live = levels.map((placed, index) => {
    const letsIn = index === 0 && shares ? usesDegraded : lettingInDegraded(placed, overprovisioningFactor / 100);
    const tell = letsIn ? degradedServing : asItIs;
    return placed.map(({ group, weight }) => {
      const members = [...group.live, ...group.draining].map(tell);
      return { locality: group.locality, weight, members: isHashed ? ringWeights(members) : members };
    });
  });
  const placed = new Set(levels.flat().map(({ group }) => group));
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
  return { endpoint, health: endpoint.health, weight: endpoint.weight };
}

function degradedServing(endpoint: Endpoint): Member {
  return { ...asItIs(endpoint), health: endpoint.health === "degraded" ? "serving" : endpoint.health };
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
