import type { XdsResource } from "../../snapshot/resource.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import { type Held, isDoubt } from "./held.ts";
import {
  bringInLine,
  type InFlight,
  isSubscribed,
  type Rejection,
  resend,
  type Subscription,
  setApart,
} from "./subscription.ts";

const firstRetryMs = 1_000;
const longestRetryMs = 60_000;

/**
 * Takes a NACK of the response in flight. What it carried counts as not received; whichever resource is to blame waits, and
 * the others are sent without it. A client names the culprits in its words, as a rule; where it does not, halves are tried
 * until one resource is left. (go-control-plane sends the rejected list again at once and for ever in SotW: 1,450 times a
 * second; in delta never again.)
 */
export function reject(
  subscription: Subscription,
  snapshot: Snapshot,
  inFlight: InFlight,
  reason: string,
  now: Date,
): readonly string[] {
  const suspects = suspectsOf(inFlight);
  const named = suspects.length === 1 ? suspects : suspects.filter((name) => isNamedIn(reason, name));
  const culprits = new Set(named.length > 0 ? named : guess(subscription, inFlight, suspects));
  for (const resource of inFlight.resources) {
    const isCulprit = culprits.has(resource.name);
    if (subscription.blind && !isCulprit) continue;
    const had = heldBefore(inFlight, resource.name);
    const held = isCulprit ? hadBefore(resource, had) : doubtOf(resource, had, { likely: named.length > 0 });
    takeBack(subscription, snapshot, resource.name, held, { anew: !isCulprit });
  }
  for (const name of inFlight.removed) {
    const had = heldBefore(inFlight, name);
    const held = had && !culprits.has(name) ? doubtOf(undefined, had, { likely: named.length > 0 }) : had;
    takeBack(subscription, snapshot, name, held, { anew: true });
  }
  if (culprits.size === 0 && suspects.length > 1) {
    const half = Math.ceil(suspects.length / 2);
    subscription.trials = [suspects.slice(0, half), suspects.slice(half), ...subscription.trials];
  }
  const versions = new Map(inFlight.resources.map(({ name, version }) => [name, version]));
  for (const name of culprits) {
    // Nobody asks for it any more, or it has come and gone since.
    if (!subscription.differs.has(name)) continue;
    const version = versions.get(name) ?? "";
    subscription.rejections.set(name, nextRejection(subscription.rejections.get(name), version, reason, now));
  }
  return [...culprits];
}

/** What it let go of since, a NACK does not bring back. */
function heldBefore({ before, letGo }: InFlight, name: string): Held | undefined {
  return letGo.has(name) ? undefined : before.get(name);
}

/** Not what the client has had already; and what is gone only when nothing else was told. */
function suspectsOf({ resources, removed, before }: InFlight): readonly string[] {
  if (resources.length === 0) return removed;
  const news = resources.filter(({ name, version }) => before.get(name)?.version !== version);
  return (news.length > 0 ? news : resources).map(({ name }) => name);
}

/** Whom a client means that does not say: whoever was to blame before; or none, so that groups of them are tried. */
function guess(
  { blind, rejections }: Subscription,
  { resources }: InFlight,
  suspects: readonly string[],
): readonly string[] {
  // What is left out to try, a client of which we know nothing would delete.
  if (resources.length === 0 || blind) return suspects;
  const again = resources.filter(({ name, version }) => rejections.get(name)?.version === version);
  return again.map(({ name }) => name);
}

/** Of a culprit the client has what it had. */
function hadBefore({ version }: XdsResource, had: Held | undefined): Held | undefined {
  return isDoubt(had) && had.maybe?.version === version ? had.before : had;
}

/**
 * Of the rest it may have taken everything, as Envoy and gRPC mostly do, or nothing.
 * https://github.com/grpc/proposal/blob/master/A46-xds-nack-semantics-improvement.md
 */
function doubtOf(sent: XdsResource | undefined, had: Held | undefined, { likely }: { readonly likely: boolean }): Held {
  if (sent !== undefined && had?.version === sent.version) return had;
  const before = isDoubt(had) ? had.before : had;
  return { version: "", stamp: ((likely && sent) || before)?.stamp ?? 0n, maybe: sent, likely, before };
}

/** The client has this of it. `anew`: or it has what it was sent, so that it is sent again whatever it has. */
function takeBack(
  subscription: Subscription,
  snapshot: Snapshot,
  name: string,
  held: Held | undefined,
  { anew }: { readonly anew: boolean },
): void {
  if (!isSubscribed(subscription, name)) return;
  setApart(subscription, snapshot, name, held);
  if (snapshot.resources[subscription.type].has(name)) {
    if (anew) resend(subscription, name);
    else subscription.dirty.add(name);
  } else if (held !== undefined) subscription.gone.add(name);
  else {
    subscription.gone.delete(name);
    // It may have a version of before, which only a list without it takes away.
    if (subscription.blind) subscription.owed = true;
    if (!subscription.asked.has(name)) bringInLine(subscription, name, undefined);
  }
}

function nextRejection(before: Rejection | undefined, version: string, reason: string, now: Date): Rejection {
  const attempts = before?.version === version ? before.attempts + 1 : 1;
  const waitMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(attempts - 1, 20));
  return { version, reason, attempts, at: now, retryAt: new Date(now.getTime() + waitMs) };
}

/** Does the client's text name this resource, as a word of its own? */
function isNamedIn(text: string, name: string): boolean {
  const wordCharacter = /[A-Za-z0-9._/-]/;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const before = text[at - 1] ?? " ";
    const after = text[at + name.length] ?? " ";
    // A full stop or a slash may follow a name in a sentence; a letter may not.
    const endsHere = !/[A-Za-z0-9_-]/.test(after);
    if (!wordCharacter.test(before) && endsHere) return true;
  }
  return false;
}

/** Rejected versions whose time has come are to be sent again. */
export function markRetries(subscription: Subscription, now: Date): void {
  if (subscription.rejections.size === 0 || subscription.inFlight !== undefined) return;
  for (const [name, { retryAt }] of subscription.rejections) {
    if (retryAt <= now && subscription.differs.has(name)) subscription.dirty.add(name);
  }
}
