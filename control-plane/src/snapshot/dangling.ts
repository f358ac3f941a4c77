import { resourceTypes, usedType, type XdsResource } from "./resource.ts";
import type { Snapshot } from "./snapshot.ts";

/** Names that are used but not defined, e.g. a route to a cluster that is not there. */
export function dangling(snapshot: Snapshot): readonly { readonly from: XdsResource; readonly to: string }[] {
  return resourceTypes.flatMap((type) => {
    const used = usedType[type];
    if (used === undefined) return [];
    return [...snapshot.resources[type].values()].flatMap((from) =>
      from.uses.filter((name) => !snapshot.resources[used].has(name)).map((to) => ({ from, to })),
    );
  });
}
