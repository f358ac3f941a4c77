import type { XdsResource } from "../../snapshot/resource.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import type { Conversation } from "./conversation.ts";
import type { Held } from "./held.ts";
import { isHeldBack, lingers, mayBreak } from "./make-before-break.ts";
import { bringInLine, heldOf, type Subscription } from "./subscription.ts";
import { type Whole, wholeFor } from "./whole.ts";

/** What of a type is to be told now. */
export type Plan = {
  readonly changed: readonly XdsResource[];
  readonly removed: readonly string[];
  /** Names that do not exist, of which the client was not told yet. */
  readonly missing: readonly string[];
  /** What the client had of what changed and was removed. */
  readonly before: Map<string, Held | undefined>;
  /** All that the client wants, where that is what it is to be sent. */
  readonly whole?: Whole;
};

type Draft = { readonly changed: XdsResource[]; readonly removed: string[]; readonly missing: string[] } & Plan;

const nothingBefore: Plan["before"] = new Map();

/** Takes what is pending, as far as it may be sent now; from then on the client is taken to have it. A NACK takes it back. */
export function planOf(conversation: Conversation, subscription: Subscription, snapshot: Snapshot, now: Date): Plan {
  if (subscription.fresh || (subscription.blind && hasNews(subscription, snapshot, now)))
    return planOfAll(subscription, wholeFor(subscription, snapshot));
  const plan: Draft = { changed: [], removed: [], missing: [], before: new Map() };
  if (subscription.blind) return plan;
  for (const names of turnsOf(subscription)) {
    for (const name of names) takeUp(conversation, subscription, snapshot, name, plan, now);
    if (!isQuiet(plan)) break;
  }
  // What is tried alone is not told together with what goes: the client's answer would not say which it meant.
  if (subscription.trials.length === 0) takeAway(conversation, subscription, snapshot, plan, now);
  return plan;
}

/** Is there anything for a blind client but what it rejected lately? */
function hasNews(subscription: Subscription, snapshot: Snapshot, now: Date): boolean {
  const { type, owed, gone, dirty } = subscription;
  for (const name of dirty) {
    const resource = snapshot.resources[type].get(name);
    if (resource !== undefined && isWaiting(subscription, name, resource.version, now)) dirty.delete(name);
  }
  return owed || gone.size + dirty.size > 0;
}

export function isQuiet({ changed, removed, missing }: Plan): boolean {
  return changed.length + removed.length + missing.length === 0;
}

/** A client that has nothing, or we do not know what, is sent everything: no need to look at each resource. */
function planOfAll(subscription: Subscription, whole: Whole): Plan {
  subscription.fresh = false;
  subscription.sum = whole.sum;
  for (const names of [subscription.differs, subscription.dirty, subscription.asked, subscription.gone]) names.clear();
  return { changed: whole.resources, removed: [], missing: whole.missing, before: nothingBefore, whole };
}

/** While a culprit is being looked for the groups of names to be tried, one after the other; then all that is pending. */
function* turnsOf(subscription: Subscription): Generator<readonly string[]> {
  while (subscription.trials.length > 0) {
    const [group = [], ...rest] = subscription.trials;
    subscription.trials = rest;
    yield group.filter((name) => subscription.dirty.has(name));
  }
  yield [...subscription.dirty];
}

function takeUp(
  conversation: Conversation,
  subscription: Subscription,
  snapshot: Snapshot,
  name: string,
  { changed, missing, before }: Draft,
  now: Date,
): void {
  const { type, names, dirty, asked, gone, rejections } = subscription;
  const resource = snapshot.resources[type].get(name);
  const has = heldOf(subscription, snapshot, name);
  const isBack = resource !== undefined && !asked.has(name) && has?.version === resource.version;
  if (!isBack && isHeldBack(conversation, snapshot, subscription, name)) return;
  dirty.delete(name);
  const isAsked = asked.delete(name);
  if (resource === undefined) {
    if (has === undefined) bringInLine(subscription, name, undefined);
    else gone.add(name);
    if (names.has(name) ? isAsked || has === undefined : isAsked && has === undefined) missing.push(name);
    // Answered when it is taken away; or, should it be back before that, by sending it.
    else if (isAsked) asked.add(name);
  } else if (isBack) {
    // Back to what it has: what it rejected is no longer wanted.
    bringInLine(subscription, name, resource);
    rejections.delete(name);
  } else if (isWaiting(subscription, name, resource.version, now)) {
    if (isAsked) asked.add(name);
  } else {
    changed.push(resource);
    before.set(name, has);
    bringInLine(subscription, name, resource);
  }
}

function takeAway(
  conversation: Conversation,
  subscription: Subscription,
  snapshot: Snapshot,
  { removed, before }: Draft,
  now: Date,
): void {
  const { type, names, asked, gone, differs } = subscription;
  for (const name of gone) {
    if (isWaiting(subscription, name, "", now) || !mayBreak(conversation, snapshot, type, name)) continue;
    if (lingers(conversation, snapshot, subscription, name, now)) continue;
    const has = differs.get(name);
    gone.delete(name);
    if (!names.has(name)) asked.delete(name);
    if (has !== undefined) {
      removed.push(name);
      before.set(name, has);
    }
    bringInLine(subscription, name, undefined);
  }
}

function isWaiting({ rejections }: Subscription, name: string, version: string, now: Date): boolean {
  const rejection = rejections.get(name);
  return rejection !== undefined && rejection.version === version && rejection.retryAt > now;
}
