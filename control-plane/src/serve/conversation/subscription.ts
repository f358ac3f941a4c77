import { addStamps, type ResourceType, type XdsResource } from "../../snapshot/resource.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import type { NameList } from "../wire/name-list.ts";
import type { WireList } from "../wire/name-lists.ts";
import type { Held } from "./held.ts";

/** The one response of a type that the client has not answered yet. */
export type InFlight = {
  readonly nonce: string;
  /** The version of the type that the client holds once it has accepted. */
  readonly version: string;
  readonly resources: readonly XdsResource[];
  /** All that it carried: these, and where it was a whole list the rest, too. */
  readonly carried: readonly XdsResource[];
  /** Names that were taken away, where the response told so. */
  readonly removed: readonly string[];
  readonly sentAt: Date;
  /** What it held of all those before; to go back to when it rejects. */
  readonly before: ReadonlyMap<string, Held | undefined>;
  /** What the client has let go of since, and may have taken up again. */
  readonly letGo: Set<string>;
};

/** A version that the client rejected: sent again after a while, and longer and longer whiles, until there is another. */
export type Rejection = {
  readonly version: string;
  /** The client's own words. */
  readonly reason: string;
  readonly attempts: number;
  readonly at: Date;
  readonly retryAt: Date;
};

/** What a returning client says it has: one version for all (SotW), or one for each (delta). */
export type Claim =
  | { readonly kind: "none" }
  | { readonly kind: "all"; readonly version: string }
  | { readonly kind: "each"; readonly versions: Iterable<readonly [string, string]> };

/**
 * What one client wants of one type, and how what it has differs from the snapshot that its stream is at. A client in line
 * with the snapshot costs nothing but its list of names; a change costs what changed, not what is subscribed to. Changed in
 * place, by the functions here and the two stream variants only.
 */
export type Subscription = {
  readonly type: ResourceType;
  wildcard: boolean;
  /** SotW: the wildcard is that of an empty list, which lasts until something is named. */
  legacy: boolean;
  names: NameList;
  /** SotW: what the names were last read from. */
  wire: WireList | undefined;
  /**
   * The client has nothing yet, and is to be sent the whole of what it wants. Only between its first look at a snapshot and
   * the answer that follows at once: what may not be sent then is written down in `differs` like everything else.
   */
  fresh: boolean;
  /**
   * SotW, where lists are whole: the client has something from before that it did not tell, so that whatever a list leaves
   * out is deleted. It is sent all there is, also what it rejects, until it has accepted a list.
   */
  blind: boolean;
  /** What the client has of each name of which it has not what the snapshot says; undefined: nothing. */
  readonly differs: Map<string, Held | undefined>;
  /** The stamps of all that the client has, added up. */
  sum: bigint;
  /** Names that are to be sent: those among `differs`, and `asked`. */
  readonly dirty: Set<string>;
  /** Names that are to be sent, or told to be missing, whatever the client has of them; `dirty` too, unless rejected. */
  readonly asked: Set<string>;
  /** Names among `differs` that are to be taken away. */
  readonly gone: Set<string>;
  /** While it is being found out which of several resources was rejected: groups of names to be tried one after the other. */
  trials: readonly (readonly string[])[];
  /** A response is owed even when it carries nothing. */
  owed: boolean;
  /** What the client says it has, until there is a snapshot to compare with; a version, until it is borne out. */
  claim: Claim;
  readonly rejections: Map<string, Rejection>;
  inFlight: InFlight | undefined;
  lastNonce: string;
  /** The version of the type that the client accepted last. */
  acked: string | undefined;
  /** When the client answered last, or when it asked first. */
  since: Date;
  /** When resources with a time to live were last sent or confirmed. */
  beatAt: Date;
};

export function createSubscription(type: ResourceType, names: NameList, now: Date): Subscription {
  return {
    type,
    wildcard: false,
    legacy: false,
    names,
    wire: undefined,
    fresh: false,
    blind: false,
    differs: new Map(),
    sum: 0n,
    dirty: new Set(),
    asked: new Set(),
    gone: new Set(),
    trials: [],
    owed: false,
    claim: { kind: "none" },
    rejections: new Map(),
    inFlight: undefined,
    lastNonce: "",
    acked: undefined,
    since: now,
    beatAt: now,
  };
}

export function isSubscribed(subscription: Subscription, name: string): boolean {
  return subscription.wildcard || subscription.names.has(name);
}

/** What the client has of a name, as far as we know. */
export function heldOf(subscription: Subscription, snapshot: Snapshot | undefined, name: string): Held | undefined {
  if (subscription.differs.has(name)) return subscription.differs.get(name);
  return isSubscribed(subscription, name) ? snapshot?.resources[subscription.type].get(name) : undefined;
}

/** From now on the client is taken to have this, which is what the snapshot says (or nothing, where it says nothing). */
export function bringInLine(subscription: Subscription, name: string, resource: XdsResource | undefined): void {
  if (!subscription.differs.has(name)) return;
  const before = subscription.differs.get(name);
  subscription.differs.delete(name);
  subscription.sum = addStamps(subscription.sum, (resource?.stamp ?? 0n) - (before?.stamp ?? 0n));
}

/** The client turned out to have something else than the snapshot says. */
export function setApart(subscription: Subscription, snapshot: Snapshot, name: string, held: Held | undefined): void {
  const before = heldOf(subscription, snapshot, name);
  subscription.differs.set(name, held);
  subscription.sum = addStamps(subscription.sum, (held?.stamp ?? 0n) - (before?.stamp ?? 0n));
}

/** Takes a name out of the subscription: whatever the client had of it no longer counts, nothing is pending. */
export function forget(subscription: Subscription, snapshot: Snapshot | undefined, name: string): void {
  const before = heldOf(subscription, snapshot, name);
  subscription.sum = addStamps(subscription.sum, -(before?.stamp ?? 0n));
  subscription.differs.delete(name);
  subscription.dirty.delete(name);
  subscription.asked.delete(name);
  subscription.gone.delete(name);
  subscription.rejections.delete(name);
  const { inFlight } = subscription;
  // Only what it carries: a client that does not answer may ask for other names for ever, and let go of them.
  if (before !== undefined || inFlight?.before.has(name)) inFlight?.letGo.add(name);
}

/** The client is to be sent this resource (or told that there is none) whatever it has of it. */
export function resend({ dirty, asked }: Subscription, name: string): void {
  dirty.add(name);
  asked.add(name);
}

/**
 * The client now wants these too, or asks for them again: to be called before they are among its names. Unless `hadNothing`,
 * it has of new ones what it claims.
 */
export function want(subscription: Subscription, names: Iterable<string>, hadNothing: boolean): void {
  for (const name of names) {
    if (hadNothing && !isSubscribed(subscription, name)) subscription.differs.set(name, undefined);
    subscription.rejections.delete(name);
    resend(subscription, name);
  }
}
