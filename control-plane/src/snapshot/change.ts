import type { ResourceType, XdsResource } from "./resource.ts";

/** What changed in one type from one snapshot to the next. */
export type Change = {
  readonly type: ResourceType;
  readonly changed: readonly XdsResource[];
  readonly removed: readonly string[];
};

/** What leads from these resources of a type to those; undefined without a change. */
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
