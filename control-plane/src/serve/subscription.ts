import { addStamps, type ResourceType, versionOf, type XdsResource } from "../snapshot/resource.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";

/** What a client has of a resource: what we sent it, or only the version that it told us when it came back. */
export type Held = XdsResource | { readonly version: string; readonly stamp: bigint };

/** The client was told that there is no such resource. */
export const absent: Held = { version: "", stamp: 0n };

/** The one response of a type that the client has not answered yet. */
export type InFlight = {
  readonly nonce: string;
  /** The version of the type that the client holds once it has accepted. */
  readonly version: string;
  readonly resources: readonly XdsResource[];
  readonly removed: readonly string[];
  /** What it held of those before; to go back to when it rejects. */
  readonly before: ReadonlyMap<string, Held | undefined>;
};

/**
 * What one client wants and has of one type. Changed in place: a stream costs what changed, not what it is subscribed to.
 * Only the functions here and the two stream variants touch it.
 */
export type Subscription = {
  readonly type: ResourceType;
  wildcard: boolean;
  readonly names: Set<string>;
  readonly held: Map<string, Held>;
  /** The stamps of all that is held, added up. */
  sum: bigint;
  /** Names that may have to be sent. */
  readonly dirty: Set<string>;
  /** Names that may have to be taken away. */
  readonly gone: Set<string>;
  /** A response is owed even when it carries nothing. */
  owed: boolean;
  /** The version that a returning SotW client says it has, until there is a snapshot to compare with. */
  claimed: string;
  /** By name the version that the client rejected: not sent again until there is another. */
  readonly rejected: Map<string, { readonly version: string; readonly reason: string }>;
  inFlight: InFlight | undefined;
  lastNonce: string;
  /** The version of the type that the client accepted last. */
  acked: string | undefined;
  /** Its own words about the last response, when it rejected that. */
  reason: string | undefined;
  since: Date;
};

export function createSubscription(type: ResourceType, now: Date): Subscription {
  return {
    type,
    wildcard: false,
    names: new Set(),
    held: new Map(),
    sum: 0n,
    dirty: new Set(),
    gone: new Set(),
    owed: false,
    claimed: "",
    rejected: new Map(),
    inFlight: undefined,
    lastNonce: "",
    acked: undefined,
    reason: undefined,
    since: now,
  };
}

export function isSubscribed(subscription: Subscription, name: string): boolean {
  return subscription.wildcard || subscription.names.has(name);
}

/** Notes what the client holds now; `undefined`: nothing. */
export function hold(subscription: Subscription, name: string, held: Held | undefined): void {
  const before = subscription.held.get(name);
  if (before !== undefined) subscription.sum = addStamps(subscription.sum, -before.stamp);
  if (held === undefined) subscription.held.delete(name);
  else {
    subscription.held.set(name, held);
    subscription.sum = addStamps(subscription.sum, held.stamp);
  }
}

/** The client no longer wants it: whatever was known or pending of it is forgotten. */
export function forget(subscription: Subscription, name: string): void {
  hold(subscription, name, undefined);
  subscription.dirty.delete(name);
  subscription.gone.delete(name);
  subscription.rejected.delete(name);
}

/** The client is to be sent this resource (or told that there is none) whatever it holds of it. */
export function resend(subscription: Subscription, name: string): void {
  hold(subscription, name, undefined);
  subscription.gone.delete(name);
  subscription.dirty.add(name);
}

/** Compares all that is subscribed with the snapshot: for a new subscription, and for a stream that lost the thread. */
export function markAll(subscription: Subscription, snapshot: Snapshot): void {
  const resources = snapshot.resources[subscription.type];
  for (const name of subscription.wildcard ? resources.keys() : subscription.names) subscription.dirty.add(name);
  if (subscription.wildcard) for (const name of subscription.names) subscription.dirty.add(name);
  for (const name of subscription.held.keys()) if (!resources.has(name)) subscription.gone.add(name);
}

/** Compares a new subscription with the snapshot. A SotW client that has the version which is ours is sent nothing. */
export function begin(subscription: Subscription, snapshot: Snapshot): void {
  const { claimed } = subscription;
  subscription.claimed = "";
  if (claimed !== "" && claimed === versionOf(wantedSum(subscription, snapshot))) adopt(subscription, snapshot);
  else markAll(subscription, snapshot);
}

function adopt(subscription: Subscription, snapshot: Snapshot): void {
  const resources = snapshot.resources[subscription.type];
  const names = subscription.wildcard ? resources.keys() : subscription.names;
  for (const name of names) {
    const resource = resources.get(name);
    if (resource !== undefined) hold(subscription, name, resource);
  }
  subscription.acked = versionOf(subscription.sum);
  subscription.dirty.clear();
  subscription.gone.clear();
  subscription.owed = false;
}

/** The sum of stamps of what the client is to hold, were it all as in the snapshot. */
function wantedSum(subscription: Subscription, snapshot: Snapshot): bigint {
  if (subscription.wildcard) return snapshot.sums[subscription.type];
  let sum = 0n;
  for (const name of subscription.names)
    sum = addStamps(sum, snapshot.resources[subscription.type].get(name)?.stamp ?? 0n);
  return sum;
}

/** The response in flight was accepted or rejected; the next may go out. */
export function answered(subscription: Subscription, reason: string | undefined, now: Date): InFlight | undefined {
  const { inFlight } = subscription;
  if (inFlight === undefined) return undefined;
  subscription.inFlight = undefined;
  subscription.since = now;
  if (reason === undefined) {
    subscription.acked = inFlight.version;
    for (const { name } of inFlight.resources) subscription.rejected.delete(name);
    if (subscription.rejected.size === 0) subscription.reason = undefined;
    return inFlight;
  }
  subscription.reason = reason;
  for (const { name, version } of inFlight.resources) {
    subscription.rejected.set(name, { version, reason });
    if (isSubscribed(subscription, name)) hold(subscription, name, inFlight.before.get(name));
  }
  for (const name of inFlight.removed)
    if (inFlight.before.get(name) !== undefined) hold(subscription, name, inFlight.before.get(name));
  return inFlight;
}
