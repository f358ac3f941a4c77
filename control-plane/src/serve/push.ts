import { type ResourceType, resourceTypes, versionOf, type XdsResource } from "../snapshot/resource.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import { type Conversation, dragEndpoints, type StreamNote } from "./conversation.ts";
import { absent, type Held, hold, type Subscription } from "./subscription.ts";

/** What is to be written, for `encode.ts` to turn into bytes. */
export type Response = {
  readonly type: ResourceType;
  readonly nonce: string;
  readonly version: string;
  readonly resources: readonly XdsResource[];
  /** Delta only. */
  readonly removed: readonly string[];
};

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
    if (subscription === undefined || subscription.inFlight !== undefined || !mayMake(conversation, type)) continue;
    const plan = planOf(subscription, step.snapshot, mayBreak(conversation, type));
    record(subscription, plan);
    if (!isWorthSaying(plan, subscription, isWhole(type, variant), variant)) continue;
    if (type === "cluster") for (const { uses } of plan.changed) dragEndpoints(conversation, uses);
    const response = respond(conversation, subscription, plan, variant, now);
    send.push(response);
    const { nonce, version, resources, removed } = response;
    const { revision } = step.snapshot;
    notes.push({ kind: "sent", type, nonce, version, resources: resources.length, removed: removed.length, revision });
  }
  return { send, notes };
}

function mayMake({ subscriptions }: Conversation, type: ResourceType): boolean {
  if (type === "cluster" || type === "endpoints") return true;
  const clusters = subscriptions.get("cluster");
  return clusters === undefined || (clusters.inFlight === undefined && clusters.dirty.size === 0);
}

function mayBreak({ subscriptions }: Conversation, type: ResourceType): boolean {
  if (type === "listener" || type === "routes") return true;
  return (["listener", "routes"] as const).every((user) => {
    const subscription = subscriptions.get(user);
    return (
      subscription === undefined ||
      (subscription.inFlight === undefined && subscription.dirty.size === 0 && subscription.gone.size === 0)
    );
  });
}

type Plan = {
  readonly changed: readonly XdsResource[];
  readonly removed: readonly string[];
  /** Subscribed names that do not exist, of which the client was not told yet. */
  readonly missing: readonly string[];
  readonly before: ReadonlyMap<string, Held | undefined>;
};

/** Empties what is pending, as far as it may be sent now. */
function planOf(subscription: Subscription, snapshot: Snapshot, mayBreak: boolean): Plan {
  const { type, held, dirty, gone, rejected } = subscription;
  const resources = snapshot.resources[type];
  const changed: XdsResource[] = [];
  const missing: string[] = [];
  const before = new Map<string, Held | undefined>();
  for (const name of dirty) {
    const resource = resources.get(name);
    const has = held.get(name);
    if (resource === undefined) {
      if (has === undefined && subscription.names.has(name)) missing.push(name);
      else if (has !== undefined && has !== absent) gone.add(name);
    } else if (has?.version === resource.version) {
      // It only told us the version when it came back; from now on its content is known too.
      if (has !== resource) hold(subscription, name, resource);
      // Back to what it holds: what it rejected is no longer wanted.
      if (rejected.delete(name) && rejected.size === 0) subscription.reason = undefined;
    } else if (rejected.get(name)?.version !== resource.version) {
      changed.push(resource);
      before.set(name, has);
    }
  }
  dirty.clear();
  const removed: string[] = [];
  if (mayBreak) {
    for (const name of gone) {
      const has = held.get(name);
      if (has === undefined || has === absent || resources.has(name)) continue;
      removed.push(name);
      before.set(name, has);
    }
    gone.clear();
  }
  return { changed, removed, missing, before };
}

/** From here on the client is taken to hold what the plan says; a rejection takes it back. */
function record(subscription: Subscription, { changed, removed, missing }: Plan): void {
  for (const resource of changed) hold(subscription, resource.name, resource);
  for (const name of removed) hold(subscription, name, subscription.names.has(name) ? absent : undefined);
  for (const name of missing) hold(subscription, name, absent);
}

/** CDS and LDS carry the whole state in SotW: what is left out is deleted. EDS and RDS may carry what changed alone. */
function isWhole(type: ResourceType, variant: Variant): boolean {
  return variant === "sotw" && (type === "cluster" || type === "listener");
}

/** SotW cannot say that endpoints or routes are gone, so there a plan without news is silence. */
function isWorthSaying(
  { changed, removed, missing }: Plan,
  { owed }: Subscription,
  whole: boolean,
  variant: Variant,
): boolean {
  return owed || changed.length > 0 || ((whole || variant === "delta") && removed.length + missing.length > 0);
}

function respond(
  conversation: Conversation,
  subscription: Subscription,
  plan: Plan,
  variant: Variant,
  now: Date,
): Response {
  const { type } = subscription;
  conversation.nonce += 1;
  const nonce = String(conversation.nonce);
  const version = versionOf(subscription.sum);
  const resources = isWhole(type, variant) ? wholeOf(subscription, conversation.step?.snapshot) : plan.changed;
  const removed = variant === "delta" ? [...plan.removed, ...plan.missing] : [];
  subscription.inFlight = { nonce, version, resources: plan.changed, removed: plan.removed, before: plan.before };
  subscription.lastNonce = nonce;
  subscription.owed = false;
  subscription.since = now;
  return { type, nonce, version, resources, removed };
}

/** All that the client is to hold, in the order of names; also what it is to lose later, while that must not go yet. */
function wholeOf(subscription: Subscription, snapshot: Snapshot | undefined): readonly XdsResource[] {
  const resources: XdsResource[] = [];
  for (const [name, held] of subscription.held) {
    const resource = "body" in held ? held : snapshot?.resources[subscription.type].get(name);
    if (resource !== undefined) resources.push(resource);
  }
  return resources;
}
