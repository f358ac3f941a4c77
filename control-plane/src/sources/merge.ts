import { byText } from "../lib/order.ts";
import type { ServiceName, SourceName } from "../model/names.ts";
import { addressText, type Catalog, type Endpoint, type Service, type ServiceSpec } from "../model/service.ts";
import type { Demand, Part } from "./demand.ts";
import type { FeedKey, FeedStates } from "./feed.ts";

/** The catalog, and which services it could not make from all that their documents name. */
export type Merged = {
  readonly catalog: Catalog;
  /** In the catalog, but without what these feeds (or origins that no source can give) would say. */
  readonly incomplete: ReadonlyMap<ServiceName, readonly FeedKey[]>;
  /** Not in the catalog: nothing is known of them yet, which is not the same as having no endpoints. */
  readonly withheld: ReadonlyMap<ServiceName, readonly FeedKey[]>;
  /** What each service of the catalog was made of: the same lists again make the same service. */
  readonly madeOf: ReadonlyMap<ServiceName, readonly (readonly Endpoint[])[]>;
};

export const nothingMerged: Merged = {
  catalog: new Map(),
  incomplete: new Map(),
  withheld: new Map(),
  madeOf: new Map(),
};

/**
 * Puts each service together from its document and its feeds. The same address counts once: the origin that stands first in
 * the document wins, so that its author can overrule what a source says; within one feed the healthier entry wins.
 *
 * A feed that has not spoken is unknown, never empty:
 * - a service that is in no catalog yet is withheld until all its feeds have spoken, or until the silent ones are overdue
 *   and at least one other part of it is known: then it is served as incomplete;
 * - a service that is served already keeps what it had from every source that is silent or no longer named until all its
 *   feeds have spoken, so that moving a service from one source to another never empties it; once the silent ones are overdue,
 *   and something else is known, what it had from sources that are no longer named goes.
 *
 * A service whose document and lists are the ones of before is the very same object, and so is the catalog when all are.
 */
export function merge(
  before: Merged,
  specs: ReadonlyMap<ServiceName, ServiceSpec>,
  demand: Demand,
  states: FeedStates,
): Merged {
  const catalog = new Map<ServiceName, Service>();
  const incomplete = new Map<ServiceName, readonly FeedKey[]>();
  const withheld = new Map<ServiceName, readonly FeedKey[]>();
  const madeOf = new Map<ServiceName, readonly (readonly Endpoint[])[]>();
  for (const [name, spec] of specs) {
    const earlier = before.catalog.get(name);
    const { lists, missing } = known(demand.parts.get(name) ?? [], demand, states, earlier);
    if (missing.length > 0) (lists ? incomplete : withheld).set(name, missing);
    if (!lists) continue;
    const same = earlier?.spec === spec && sameItems(before.madeOf.get(name), lists);
    catalog.set(name, same ? earlier : serviceOf(spec, lists, earlier));
    madeOf.set(name, lists);
  }
  return settled(before, { catalog, incomplete, withheld, madeOf });
}

function known(parts: readonly Part[], demand: Demand, states: FeedStates, earlier: Service | undefined) {
  const lists: (readonly Endpoint[])[] = [];
  const missing: FeedKey[] = [];
  const spoken = new Set<SourceName>();
  const silent = new Set<SourceName>();
  let allOverdue = true;
  for (const part of parts) {
    if (part.kind === "static") {
      lists.push(part.endpoints);
      for (const { source } of part.endpoints) spoken.add(source);
      continue;
    }
    if (part.kind === "unavailable") {
      missing.push(part.key);
      continue;
    }
    const state = states.get(part.key)?.state;
    const source = demand.feeds.get(part.key)?.source;
    if (state && state.kind !== "waiting") {
      lists.push(state.endpoints);
      if (source) spoken.add(source);
    } else {
      missing.push(part.key);
      if (source) silent.add(source);
      allOverdue &&= state?.kind === "waiting" && state.overdue;
    }
  }
  if (missing.length === 0) return { lists, missing };
  if (!earlier) return { lists: allOverdue && lists.length > 0 ? lists : undefined, missing };
  const stays = ({ source }: Endpoint) =>
    silent.has(source) || (!spoken.has(source) && (!allOverdue || lists.length === 0));
  const kept = earlier.endpoints.filter(stays);
  return { lists: kept.length > 0 ? [...lists, kept] : lists, missing };
}

function serviceOf(spec: ServiceSpec, lists: readonly (readonly Endpoint[])[], earlier: Service | undefined): Service {
  const endpoints = endpointsOf(lists);
  if (!earlier || !sameItems(earlier.endpoints, endpoints)) return { spec, endpoints };
  return earlier.spec === spec ? earlier : { spec, endpoints: earlier.endpoints };
}

function endpointsOf(lists: readonly (readonly Endpoint[])[]): readonly Endpoint[] {
  const byAddress = new Map<string, Endpoint>();
  for (const list of lists) {
    const inList = new Map<string, Endpoint>();
    for (const endpoint of list) {
      const address = addressText(endpoint.address);
      const other = inList.get(address);
      if (!other || healthRank[endpoint.health] < healthRank[other.health]) inList.set(address, endpoint);
    }
    for (const [address, endpoint] of inList) if (!byAddress.has(address)) byAddress.set(address, endpoint);
  }
  return [...byAddress].sort(([a], [b]) => byText(a, b)).map(([, endpoint]) => endpoint);
}

const healthRank = { serving: 0, degraded: 1, draining: 2, failing: 3 } as const satisfies Record<
  Endpoint["health"],
  number
>;

/** Keeps the object of everything that is as before, up to the whole. */
function settled(before: Merged, next: Merged): Merged {
  const catalog = sameMap(before.catalog, next.catalog, Object.is) ? before.catalog : next.catalog;
  const incomplete = sameMap(before.incomplete, next.incomplete, sameItems) ? before.incomplete : next.incomplete;
  const withheld = sameMap(before.withheld, next.withheld, sameItems) ? before.withheld : next.withheld;
  const madeOf = sameMap(before.madeOf, next.madeOf, sameItems) ? before.madeOf : next.madeOf;
  const unchanged =
    catalog === before.catalog &&
    incomplete === before.incomplete &&
    withheld === before.withheld &&
    madeOf === before.madeOf;
  return unchanged ? before : { catalog, incomplete, withheld, madeOf };
}

function sameItems(a: readonly unknown[] | undefined, b: readonly unknown[]): boolean {
  return a?.length === b.length && a.every((item, index) => item === b[index]);
}

function sameMap<K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>, same: (a: V, b: V) => boolean): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of b) {
    const other = a.get(key);
    if (other === undefined || !same(other, value)) return false;
  }
  return true;
}
