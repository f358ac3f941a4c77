import { type ResourceType, resourceTypes, versionOf, type XdsResource } from "../../snapshot/resource.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import { dragEndpoints } from "./advance.ts";
import { writeOut } from "./begin.ts";
import type { Conversation, StreamNote } from "./conversation.ts";
import { takeBeat } from "./heartbeat.ts";
import { resourceOf } from "./held.ts";
import { isPending, mayMake } from "./make-before-break.ts";
import { errorOf, type ResourceError } from "./missing.ts";
import { isQuiet, planOf } from "./plan.ts";
import { canBeAll } from "./requested-type.ts";
import { bringInLine, heldOf, type Subscription } from "./subscription.ts";
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
  /** Delta only: says nothing but that what has a time to live is still good; such resources go without their content. */
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
 * endpoints are taken away last, when the client has nothing any more that refers to them.
 */
export function push(
  conversation: Conversation,
  variant: Variant,
  now: Date,
): { readonly send: readonly Response[]; readonly notes: readonly StreamNote[] } {
  const send: Response[] = [];
  const notes: StreamNote[] = [];
  const { step, subscriptions } = conversation;
  if (step === undefined) return { send, notes };
  const { snapshot } = step;
  const tell = (subscription: Subscription) => {
    const { type } = subscription;
    if (hasNothingToSay(subscription, snapshot)) return;
    if (subscription.inFlight !== undefined || !mayMake(conversation, type)) return writeOut(subscription, snapshot);
    const response = responseOf(conversation, subscription, snapshot, variant, now);
    if (response === undefined) return;
    send.push(response);
    const { nonce, version, resources, removed } = response;
    const { revision } = snapshot;
    notes.push({ kind: "sent", type, nonce, version, resources: resources.length, removed: removed.length, revision });
  };
  let anyGone = false;
  for (const type of resourceTypes) {
    const subscription = subscriptions.get(type);
    if (subscription === undefined) continue;
    tell(subscription);
    anyGone ||= subscription.gone.size > 0;
  }
  // What kept something from being taken away may just have turned out to be nothing.
  if (anyGone) for (const subscription of subscriptions.values()) if (subscription.gone.size > 0) tell(subscription);
  return { send, notes };
}

/** Who is told that something is gone need not be told that it is missing, were it asked for again meanwhile. */
function answerAsked({ asked, dirty }: Subscription, removed: readonly string[]): void {
  for (const name of removed) if (asked.delete(name)) dirty.delete(name);
}

/** The usual case: this is asked for each type of each stream at each request and once a second. */
function hasNothingToSay(subscription: Subscription, { tables }: Snapshot): boolean {
  const { type, gone, owed, trials } = subscription;
  if (isPending(subscription) || gone.size > 0 || owed || trials.length > 0) return false;
  return tables[type].shortestTtlMs === undefined;
}

function responseOf(
  conversation: Conversation,
  subscription: Subscription,
  snapshot: Snapshot,
  variant: Variant,
  now: Date,
): Response | undefined {
  const { type, owed, gone } = subscription;
  const plan = planOf(conversation, subscription, snapshot, now);
  const { changed, missing, before } = plan;
  const whole = variant === "sotw" && canBeAll(type);
  // State-of-the-world has no word for what is gone but the list without it, where it carries the whole list.
  const removed = whole || variant === "delta" ? plan.removed : [];
  const beat = owed || !isQuiet(plan) ? [] : takeBeat(subscription, snapshot, now);
  if (changed.length + missing.length + removed.length + beat.length === 0 && !owed) return undefined;
  if (variant === "delta") answerAsked(subscription, removed);
  if (type === "cluster") dragEndpoints(conversation, snapshot, changed);
  if (whole) settle(subscription, snapshot);
  conversation.nonce += 1;
  const nonce = String(conversation.nonce);
  const version = versionOf(subscription.sum);
  const news = beat.length > 0 ? beat : changed;
  const carried = whole && plan.whole === undefined ? wholeOf(subscription, snapshot) : news;
  subscription.inFlight = {
    nonce,
    version,
    resources: changed,
    carried,
    removed,
    sentAt: now,
    before,
    letGo: new Set<string>(),
  };
  subscription.lastNonce = nonce;
  subscription.owed = false;
  const named = missing.filter((name) => subscription.names.has(name));
  return {
    ...{ type, nonce, version },
    resources: carried,
    removed: variant === "delta" ? [...removed, ...missing.filter((name) => !before.has(name) && !gone.has(name))] : [],
    errors: named.slice(0, mostErrors).map((name) => errorOf(type, name)),
    // Not in state-of-the-world: Envoy 1.40 takes a resource without content for none, and deletes a cluster for it.
    heartbeat: variant === "delta" && beat.length > 0,
    ...(plan.whole === undefined ? {} : { whole: plan.whole }),
  };
}

/** What a whole list tells besides its news: the rest that was asked for, and that the client has not what it leaves out. */
function settle(subscription: Subscription, snapshot: Snapshot): void {
  const { type, asked, dirty, gone, differs } = subscription;
  for (const name of asked) {
    const resource = snapshot.resources[type].get(name);
    const carried = resourceOf(heldOf(subscription, snapshot, name));
    if (carried === undefined || resource === undefined) continue;
    asked.delete(name);
    if (carried !== resource) continue;
    dirty.delete(name);
    bringInLine(subscription, name, resource);
  }
  for (const name of gone) {
    if (resourceOf(differs.get(name)) !== undefined) continue;
    gone.delete(name);
    bringInLine(subscription, name, undefined);
  }
}

/** All that the client is to have, by name; also what it is to lose later, while that must not go yet. */
function wholeOf(subscription: Subscription, snapshot: Snapshot): readonly XdsResource[] {
  if (subscription.blind) return wholeFor(subscription, snapshot).resources;
  const names = [...snapshot.resources[subscription.type].keys(), ...subscription.gone];
  return names.flatMap((name) => resourceOf(heldOf(subscription, snapshot, name)) ?? []);
}
