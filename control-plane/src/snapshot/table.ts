import { byText } from "../lib/order.ts";
import { type Change, changeOf } from "./change.ts";
import { overlaidMap } from "./overlaid-map.ts";
import { addStamps, type ResourceType, type XdsResource } from "./resource.ts";

/** The resources of one type, and the messages they were made of, in which a later snapshot finds what is the same. */
export type Table = {
  readonly messages: readonly object[];
  /** Sorted by name. */
  readonly byName: ReadonlyMap<string, XdsResource>;
  /** The stamps of all resources, added up. */
  readonly sum: bigint;
  readonly shortestTtlMs: number | undefined;
};

export type TableStep = { readonly table: Table; readonly change: Change | undefined };

/**
 * The table of these messages, and how it differs from the one before. Throws when two resources have one name. `packOne`
 * gives the same resource for the same message.
 */
export function tableOf<M extends object>(
  type: ResourceType,
  messages: readonly M[],
  packOne: (message: M) => XdsResource,
  before?: Table,
): TableStep {
  if (before?.messages === messages || (before?.messages.length === 0 && messages.length === 0))
    return { table: before, change: undefined };
  const step = before === undefined ? undefined : patched(type, before, messages, packOne);
  if (step !== undefined) return step;
  const packed = messages.map(packOne);
  const sorted = isSorted(packed) ? packed : packed.toSorted((a, b) => byText(a.name, b.name));
  const byName = new Map(sorted.map((resource) => [resource.name, resource]));
  if (byName.size < sorted.length) throw twice(sorted);
  let sum = 0n;
  for (const { stamp } of byName.values()) sum = addStamps(sum, stamp);
  const table = { messages, byName, sum, shortestTtlMs: shortestTtl(byName) };
  return { table, change: changeOf(type, before?.byName ?? new Map(), byName) };
}

/**
 * The table of before with some resources replaced, when the messages at all places have the names they had: the usual
 * change, of which nothing but the comparison of places grows with the table.
 */
function patched<M extends object>(
  type: ResourceType,
  before: Table,
  messages: readonly M[],
  packOne: (message: M) => XdsResource,
): TableStep | undefined {
  if (before.messages.length !== messages.length) return undefined;
  const replaced: XdsResource[] = [];
  for (let index = 0; index < messages.length; index += 1) {
    const [old, message] = [before.messages[index] as M | undefined, messages[index]];
    if (message === undefined || old === undefined || message === old) continue;
    const resource = packOne(message);
    if (packOne(old).name !== resource.name) return undefined;
    replaced.push(resource);
  }
  const byName = overlaidMap(
    before.byName,
    replaced.map((resource) => [resource.name, resource]),
  );
  const changed: XdsResource[] = [];
  let { sum } = before;
  for (const resource of replaced) {
    const old = before.byName.get(resource.name);
    if (old?.version === resource.version) continue;
    changed.push(resource);
    sum = addStamps(sum, resource.stamp - (old?.stamp ?? 0n));
  }
  const table = { messages, byName, sum, shortestTtlMs: shortestTtl(byName) };
  return { table, change: changed.length > 0 ? { type, changed, removed: [] } : undefined };
}

// Few have resources with a time to live: who has none does not look for them at each change.
let anyTtl = false;

/** To be called before a table is made that has a resource with a time to live. */
export function expectTtls(): void {
  anyTtl = true;
}

function shortestTtl(byName: Table["byName"]): number | undefined {
  if (!anyTtl) return undefined;
  let shortest: number | undefined;
  for (const { ttlMs } of byName.values())
    if (ttlMs !== undefined && !(shortest !== undefined && shortest <= ttlMs)) shortest = ttlMs;
  return shortest;
}

function twice(sorted: readonly XdsResource[]): Error {
  const second = sorted.find(({ name }, index) => index > 0 && sorted[index - 1]?.name === name);
  return new Error(`two resources of type ${second?.type} are named "${second?.name}"; names are unique within a type`);
}

function isSorted(resources: readonly XdsResource[]): boolean {
  return resources.every(({ name }, index) => index === 0 || byText(resources[index - 1]?.name ?? "", name) < 0);
}
