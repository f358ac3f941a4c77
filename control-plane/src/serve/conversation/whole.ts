import { getOrMake } from "../../lib/get-or-make.ts";
import { addStamps, type XdsResource } from "../../snapshot/resource.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import type { NameList } from "../wire/name-list.ts";
import { isShared } from "../wire/name-lists.ts";
import type { Subscription } from "./subscription.ts";

/** All that a subscription is to hold of a snapshot. The same object for all who want the same of the same. */
export type Whole = {
  readonly resources: readonly XdsResource[];
  /** Names asked for that do not exist. */
  readonly missing: readonly string[];
  /** The stamps of the resources, added up. */
  readonly sum: bigint;
};

type ByName = ReadonlyMap<string, XdsResource>;

const everything = new WeakMap<ByName, Whole>();
const selections = new WeakMap<ByName, WeakMap<NameList, Whole>>();

/** Found once for all streams that want the same: in a storm a thousand clients ask for the same thousand clusters. */
export function wholeFor(
  { type, wildcard, names }: Pick<Subscription, "type" | "wildcard" | "names">,
  snapshot: Snapshot,
): Whole {
  const byName = snapshot.resources[type];
  if (wildcard) {
    const sum = snapshot.sums[type];
    const all = getOrMake(everything, byName, () => ({ resources: [...byName.values()], missing: [], sum }));
    const missing = [...names.values()].filter((name) => !byName.has(name));
    return missing.length === 0 ? all : { ...all, missing };
  }
  const select = () => selectionOf(byName, names);
  if (!isShared(names)) return select();
  return getOrMake(
    getOrMake(selections, byName, () => new WeakMap()),
    names,
    select,
  );
}

function selectionOf(byName: ByName, names: NameList): Whole {
  const resources: XdsResource[] = [];
  const missing: string[] = [];
  let sum = 0n;
  for (const name of names.values()) {
    const resource = byName.get(name);
    if (resource === undefined) missing.push(name);
    else {
      resources.push(resource);
      sum = addStamps(sum, resource.stamp);
    }
  }
  return { resources, missing, sum };
}
