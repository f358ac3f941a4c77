import { type ResourceType, usedType } from "../../snapshot/resource.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";

/** `endpoints report`. */
export type ResourceKey = `${ResourceType} ${string}`;

export function resourceKey(type: ResourceType, name: string): ResourceKey {
  return `${type} ${name}`;
}

/** What a client that asks for these listeners comes to ask for: what they use, and what that uses, before or after. */
export function reachOf(listeners: Iterable<string>, snapshots: readonly Snapshot[]): ReadonlySet<ResourceKey> {
  const reached = new Set<ResourceKey>();
  const visit = (type: ResourceType | undefined, name: string): void => {
    if (type === undefined || reached.has(resourceKey(type, name))) return;
    reached.add(resourceKey(type, name));
    for (const { resources } of snapshots)
      for (const used of resources[type].get(name)?.uses ?? []) visit(usedType[type], used);
  };
  for (const name of listeners) visit("listener", name);
  return reached;
}
