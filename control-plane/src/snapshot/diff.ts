import { type Change, changeOf } from "./change.ts";
import { resourceTypes } from "./resource.ts";
import type { Snapshot } from "./snapshot.ts";

/** What leads from one snapshot to the next, per type in the order of `resourceTypes`; types without a change are left out. */
export function diff(previous: Snapshot | undefined, next: Snapshot): readonly Change[] {
  return resourceTypes.flatMap(
    (type) => changeOf(type, previous?.resources[type] ?? new Map(), next.resources[type]) ?? [],
  );
}
