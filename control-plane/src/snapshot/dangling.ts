import type { Change } from "./change.ts";
import { resourceTypes, usedType, type XdsResource } from "./resource.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * Names that are used but not defined, e.g. a route to a cluster that is not there; of a step only those that have come with
 * its changes.
 */
export function dangling(
  { resources }: Snapshot,
  changes?: readonly Change[],
): readonly { readonly from: XdsResource; readonly to: string }[] {
  return resourceTypes.flatMap((type) => {
    const used = usedType[type];
    if (used === undefined) return [];
    const removed = changes?.find((change) => change.type === used)?.removed ?? [];
    const changed = changes?.find((change) => change.type === type)?.changed ?? [];
    const all = changes === undefined || removed.length > 0;
    return [...(all ? resources[type].values() : changed)].flatMap((from) =>
      from.uses.filter((name) => !resources[used].has(name)).map((to) => ({ from, to })),
    );
  });
}
