import { type ResourceType, resourceTypes, versionOf, type XdsResource } from "../snapshot/resource.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import { type Conversation, dragEndpoints, type StreamNote } from "./conversation.ts";
import { errorOf, type ResourceError } from "./missing.ts";
import { bringInLine, type Held, heldOf, isSubscribed, type Subscription, writeOut } from "./subscription.ts";
import { type Whole, wholeFor } from "./whole.ts";

/** What is to be written, for `encode.ts` to turn into bytes. */
export type Response = {
  readonly type: ResourceType;
  readonly nonce: string;
  readonly version: string;
  readonly resources: readonly XdsResource[];
  /** Delta only. */
  readonly removed: readonly string[];
  readonly errors: readonly ResourceError[];
  /** Only says that what has a time to live is still good: such resources go without their content. */
  readonly heartbeat: boolean;
  /** All that the client wants, where that is what it is sent: the same for others who want the same. */
  readonly whole?: Whole;
};

// For people to read. A client that asks for 10,000 names that do not exist is told in full by `removed`, in a fifth of the CPU.
const mostErrors = 100;

export type Variant = "sotw" | "delta";

/**
 * What may be sent now: at most one response of each type, none of a type that has one in flight. Level-triggered: what is
 * sent is the newest, however much happened meanwhile, and a client that does not answer is owed one response, not many.
 *
 * Make before break: clusters and endpoints first; listeners and routes once the clusters were answered; clusters and
 * endpoints are taken away last, when the listeners and routes that named them were answered.
 */
export function push(
  conversation: Conversation,
  variant: Variant,
  now: Date,
): { readonly send: readonly Response[]; readonly notes: readonly StreamNote[] } {
  const send: Response[] = [];
  const notes: StreamNote[] = [];
  const { step } = conversation;
  if (step === undefined) return { send, notes };
  for (const type of resourceTypes) {
    const subscription = conversation.subscriptions.get(type);
    if (subscription === undefined || hasNothingToSay(subscription, step.snapshot)) continue;
    if (subscription.inFlight !== undefined || !mayMake(conversation, type)) {
      writeOut(subscription, step.snapshot);
      continue;
    }
    const response = responseOf(conversation, subscription, step.snapshot, variant, now);
    if (response === undefined) continue;
    send.push(response);
    const { nonce, version, resources, removed } = response;
    const { revision } = step.snapshot;
    notes.push({ kind: "sent", type, nonce, version, resources: resources.length, removed: removed.length, revision });
  }
  return { send, notes };
}

const made: readonly ResourceType[] = ["runtime", "secret", "cluster", "endpoints"];
const users = ["listener", "extension", "scopedRoutes", "routes"] as const;

function mayMake({ subscriptions }: Conversation, type: ResourceType): boolean {
  if (made.includes(type)) return true;
  const clusters = subscriptions.get("cluster");
  return clusters === undefined || (clusters.inFlight === undefined && !isPending(clusters));
}

function mayBreak({ subscriptions }: Conversation, type: ResourceType): boolean {
  if (type !== "cluster" && type !== "endpoints" && type !== "secret") return true;
  return users.every((user) => {
    const using = subscriptions.get(user);
    return using === undefined || (using.inFlight === undefined && !isPending(using) && using.gone.size === 0);
  });
}

/** The usual case: this is asked for each type of each stream at each request and once a second. */
function hasNothingToSay(subscription: Subscription, { tables }: Snapshot): boolean {
  const { type, gone, owed, trials } = subscription;
  if (isPending(subscription) || gone.size > 0 || owed || trials.length > 0) return false;
  return tables[type].shortestTtlMs === undefined;
}

function isPending({ fresh, dirty }: Subscription): boolean {
  return fresh || dirty.size > 0;
}

function responseOf(
  conversation: Conversation,
  subscription: Subscription,
  snapshot: Snapshot,
  variant: Variant,
  now: Date,
): Response | undefined {
  const { type } = subscription;
  const whole = isWhole(type, variant);
  const first = subscription.fresh ? wholeFor(subscription, snapshot) : undefined;
  const plan =
    first === undefined
      ? planOf(subscription, snapshot, mayBreak(conversation, type), now)
      : planOfFirst(subscription, first);
  const beat = isQuiet(plan) && isBeatDue(subscription, snapshot, now);
  const says =
    plan.changed.length + plan.missing.length > 0 || ((whole || variant === "delta") && plan.removed.length > 0);
  if (!says && !subscription.owed && !beat) return undefined;
  if (type === "cluster") dragEndpoints(conversation, snapshot, plan.changed);
  if (beat) subscription.beatAt = now;
  conversation.nonce += 1;
  const nonce = String(conversation.nonce);
  const version = versionOf(subscription.sum);
  subscription.inFlight = { nonce, version, resources: plan.changed, sentAt: now, before: plan.before };
  subscription.lastNonce = nonce;
  subscription.owed = false;
  return {
    type,
    nonce,
    version,
    resources: carried(subscription, snapshot, plan, { whole: whole && first === undefined, beat }),
    removed: variant === "delta" ? [...plan.removed, ...plan.missing] : [],
    errors: plan.missing.slice(0, mostErrors).map((name) => errorOf(type, name)),
    heartbeat: beat,
    ...(first === undefined ? {} : { whole: first }),
  };
}

function carried(
  subscription: Subscription,
  snapshot: Snapshot,
  { changed }: Plan,
  { whole, beat }: { readonly whole: boolean; readonly beat: boolean },
): readonly XdsResource[] {
  if (whole) return wholeOf(subscription, snapshot);
  return beat ? withTtl(subscription, snapshot) : changed;
}

/** CDS and LDS carry the whole state in SotW: what is left out is deleted. Other types may carry what changed alone. */
function isWhole(type: ResourceType, variant: Variant): boolean {
  return variant === "sotw" && (type === "cluster" || type === "listener");
}

type Plan = {
  readonly changed: readonly XdsResource[];
  readonly removed: readonly string[];
  /** Subscribed names that do not exist, of which the client was not told yet. */
  readonly missing: readonly string[];
  readonly before: ReadonlyMap<string, Held | undefined>;
};

const nothingBefore: ReadonlyMap<string, undefined> = new Map<string, undefined>();

/** A client that has nothing is sent everything: no need to look at each resource. */
function planOfFirst(subscription: Subscription, { resources, missing, sum }: Whole): Plan {
  subscription.fresh = false;
  subscription.sum = sum;
  return { changed: resources, removed: [], missing, before: nothingBefore };
}

/** Takes what is pending, as far as it may be sent now; from then on the client is taken to have it. A NACK takes it back. */
function planOf(subscription: Subscription, snapshot: Snapshot, mayBreak: boolean, now: Date): Plan {
  const { differs, dirty, gone } = subscription;
  const resources = snapshot.resources[subscription.type];
  const changed: XdsResource[] = [];
  const missing: string[] = [];
  const removed: string[] = [];
  const before = new Map<string, Held | undefined>();
  for (const name of takeTurn(subscription)) {
    dirty.delete(name);
    if (!differs.has(name)) continue;
    const resource = resources.get(name);
    const has = differs.get(name);
    if (resource === undefined) {
      if (has !== undefined) gone.add(name);
      else {
        if (subscription.names.has(name)) missing.push(name);
        bringInLine(subscription, name, undefined);
      }
    } else if (has?.version === resource.version) {
      // Back to what it has: what it rejected is no longer wanted.
      bringInLine(subscription, name, resource);
      subscription.rejections.delete(name);
    } else if (!isWaiting(subscription, resource, now)) {
      changed.push(resource);
      before.set(name, has);
      bringInLine(subscription, name, resource);
    }
  }
  if (mayBreak) {
    for (const name of gone) {
      if (differs.get(name) !== undefined) removed.push(name);
      bringInLine(subscription, name, undefined);
    }
    gone.clear();
  }
  return { changed, removed, missing, before };
}

/** The pending names, or while a culprit is being looked for the next group of them to try. */
function takeTurn(subscription: Subscription): readonly string[] {
  while (subscription.trials.length > 0) {
    const [group = [], ...rest] = subscription.trials;
    subscription.trials = rest;
    const pending = group.filter((name) => subscription.dirty.has(name));
    if (pending.length > 0) return pending;
  }
  return [...subscription.dirty];
}

function isWaiting({ rejections }: Subscription, { name, version }: XdsResource, now: Date): boolean {
  const rejection = rejections.get(name);
  return rejection !== undefined && rejection.version === version && rejection.retryAt > now;
}

/** All that the client is to have, by name; also what it is to lose later, while that must not go yet. */
function wholeOf(subscription: Subscription, snapshot: Snapshot): readonly XdsResource[] {
  const all: XdsResource[] = [];
  for (const resource of snapshot.resources[subscription.type].values()) {
    if (!isSubscribed(subscription, resource.name)) continue;
    const held = heldOf(subscription, snapshot, resource.name);
    if (held !== undefined) all.push("body" in held ? held : resource);
  }
  for (const name of subscription.gone) {
    const held = subscription.differs.get(name);
    if (held !== undefined && "body" in held) all.push(held);
  }
  return all;
}

function isQuiet({ changed, removed, missing }: Plan): boolean {
  return changed.length + removed.length + missing.length === 0;
}

/** Twice in each lifetime, so that one lost sign of life costs nothing. */
function isBeatDue({ type, beatAt }: Subscription, snapshot: Snapshot, now: Date): boolean {
  const { shortestTtlMs } = snapshot.tables[type];
  return shortestTtlMs !== undefined && now.getTime() - beatAt.getTime() >= shortestTtlMs / 2;
}

function withTtl(subscription: Subscription, snapshot: Snapshot): readonly XdsResource[] {
  return [...snapshot.resources[subscription.type].values()].filter(
    ({ name, ttlMs }) => ttlMs !== undefined && isSubscribed(subscription, name) && !subscription.differs.has(name),
  );
}
