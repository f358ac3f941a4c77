import { addStamps, stampOf, versionOf, type XdsResource } from "../../snapshot/resource.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import { isSubscribed, type Subscription } from "./subscription.ts";
import { wholeFor } from "./whole.ts";

/** What a returning client says it has of these no longer counts: it has let them go since. */
export function unclaim(subscription: Subscription, isVoid: (name: string) => boolean): void {
  const { claim } = subscription;
  if (claim.kind !== "each") subscription.claim = { kind: "none" };
  else subscription.claim = { kind: "each", versions: [...claim.versions].filter(([name]) => !isVoid(name)) };
}

// What a client has from before may be about to run out: the next sign of life is due at once. The earliest date that there is.
const longAgo = new Date(-8.64e15);

/** The first look at a snapshot: what the client has of it is what it claims. */
export function begin(subscription: Subscription, snapshot: Snapshot): void {
  const { claim } = subscription;
  subscription.claim = { kind: "none" };
  const resources = snapshot.resources[subscription.type];
  if (claim.kind === "all") {
    const { sum } = wholeFor(subscription, snapshot);
    if (claim.version === versionOf(sum)) {
      subscription.claim = claim;
      subscription.sum = sum;
      subscription.acked = claim.version;
      subscription.owed = false;
      subscription.blind = false;
      subscription.beatAt = longAgo;
      return;
    }
  }
  if (claim.kind === "each" && claimsAll(subscription, snapshot, claim.versions)) {
    subscription.sum = wholeFor(subscription, snapshot).sum;
    subscription.acked = versionOf(subscription.sum);
    subscription.beatAt = longAgo;
    return;
  }
  const versions = new Map(claim.kind === "each" ? claim.versions : []);
  subscription.fresh = versions.size + subscription.asked.size === 0;
  if (subscription.fresh) return;
  subscription.beatAt = longAgo;
  for (const name of wantedNames(subscription, snapshot)) compare(subscription, resources.get(name), name, versions);
  for (const [name, version] of versions) {
    if (resources.has(name) || !isSubscribed(subscription, name)) continue;
    if (!subscription.differs.has(name)) hold(subscription, name, version);
    subscription.gone.add(name);
  }
}

/** Writes down of each resource that a fresh client does not have it, for when it cannot be sent the whole at once. */
export function writeOut(subscription: Subscription, snapshot: Snapshot): void {
  if (!subscription.fresh) return;
  subscription.fresh = false;
  for (const name of wantedNames(subscription, snapshot)) {
    subscription.differs.set(name, undefined);
    subscription.dirty.add(name);
  }
}

function* wantedNames({ type, wildcard, names }: Subscription, snapshot: Snapshot): Generator<string> {
  const resources = snapshot.resources[type];
  if (wildcard) yield* resources.keys();
  for (const name of names.values()) if (!wildcard || !resources.has(name)) yield name;
}

function compare(
  subscription: Subscription,
  resource: XdsResource | undefined,
  name: string,
  versions: ReadonlyMap<string, string>,
): void {
  const version = versions.get(name);
  if (resource !== undefined && version === resource.version) {
    subscription.sum = addStamps(subscription.sum, resource.stamp);
    return;
  }
  if (version === undefined) subscription.differs.set(name, undefined);
  else hold(subscription, name, version);
  subscription.dirty.add(name);
}

function hold(subscription: Subscription, name: string, version: string): void {
  const stamp = stampOf(name, version);
  subscription.differs.set(name, { version, stamp });
  subscription.sum = addStamps(subscription.sum, stamp);
}

/** Does a returning delta client have exactly what it is to have? The usual case, told without remembering each name. */
function claimsAll(
  subscription: Subscription,
  snapshot: Snapshot,
  versions: Iterable<readonly [string, string]>,
): boolean {
  const resources = snapshot.resources[subscription.type];
  let count = 0;
  for (const [name, version] of versions) {
    if (resources.get(name)?.version !== version || !isSubscribed(subscription, name)) return false;
    count += 1;
  }
  if (!subscription.wildcard) return count === subscription.names.size;
  return count === resources.size && [...subscription.names.values()].every((name) => resources.has(name));
}

/** A client that had nothing of these asks for all there is. */
export function beginWildcard(subscription: Subscription, snapshot: Snapshot): void {
  for (const name of snapshot.resources[subscription.type].keys()) {
    if (subscription.names.has(name) || subscription.differs.has(name)) continue;
    subscription.differs.set(name, undefined);
    subscription.dirty.add(name);
  }
}
