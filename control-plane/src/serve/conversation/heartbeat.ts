import type { XdsResource } from "../../snapshot/resource.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import { isSubscribed, type Subscription } from "./subscription.ts";

const nothing: readonly XdsResource[] = [];

/** What the client has for a limited time and is now to be confirmed. Twice in each lifetime: one lost sign costs nothing. */
export function takeBeat(subscription: Subscription, snapshot: Snapshot, now: Date): readonly XdsResource[] {
  const { type, beatAt, differs } = subscription;
  const { shortestTtlMs } = snapshot.tables[type];
  if (shortestTtlMs === undefined || now.getTime() - beatAt.getTime() < shortestTtlMs / 2) return nothing;
  subscription.beatAt = now;
  const due: XdsResource[] = [];
  for (const resource of snapshot.resources[type].values()) {
    if (resource.ttlMs === undefined || !isSubscribed(subscription, resource.name)) continue;
    if (!differs.has(resource.name)) due.push(resource);
  }
  // What it keeps because it rejects the newest, or until nothing refers to it, must not run out either.
  for (const held of differs.values())
    if (held !== undefined && "body" in held && held.ttlMs !== undefined) due.push(held);
  return due;
}
