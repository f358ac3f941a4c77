import type { Change } from "./change.ts";
import { type ResourceType, resourceTypes, type XdsResource } from "./resource.ts";
import type { Snapshot } from "./snapshot.ts";

/** What leads from one snapshot to the next, per type in the order of `resourceTypes`; types without a change are left out. */
export function diff(previous: Snapshot | undefined, next: Snapshot): readonly Change[] {
  return resourceTypes.flatMap(
    (type) => changeOf(type, previous?.resources[type] ?? new Map(), next.resources[type]) ?? [],
  );
}

/** The same for one type; undefined without a change. */
export function changeOf(
  type: ResourceType,
  before: ReadonlyMap<string, XdsResource>,
  after: ReadonlyMap<string, XdsResource>,
): Change | undefined {
  const changed: XdsResource[] = [];
  for (const resource of after.values()) {
    const old = before.get(resource.name);
    if (old !== resource && old?.version !== resource.version) changed.push(resource);
  }
  const removed: string[] = [];
  // Nothing can be gone when the sizes agree and all that is new replaced something.
  if (before.size + changed.filter(({ name }) => !before.has(name)).length !== after.size) {
    for (const name of before.keys()) if (!after.has(name)) removed.push(name);
  }
  return changed.length + removed.length > 0 ? { type, changed, removed } : undefined;
}
