import type { Snapshot } from "../snapshot/snapshot.ts";
import {
  bringInLine,
  type InFlight,
  isSubscribed,
  type Rejection,
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
  for (const { name } of inFlight.resources) takeBack(subscription, snapshot, name, inFlight);
  const names = inFlight.resources.map(({ name }) => name);
  const named = names.length === 1 ? names : names.filter((name) => isNamedIn(reason, name));
  const culprits = named.length > 0 ? named : [];
  if (culprits.length === 0 && names.length > 1) {
    const half = Math.ceil(names.length / 2);
    subscription.trials = [names.slice(0, half), names.slice(half), ...subscription.trials];
  }
  for (const { name, version } of inFlight.resources) {
    if (culprits.includes(name))
      subscription.rejections.set(name, nextRejection(subscription.rejections.get(name), version, reason, now));
  }
  return culprits;
}

function takeBack(subscription: Subscription, snapshot: Snapshot, name: string, { before }: InFlight): void {
  if (!isSubscribed(subscription, name)) return;
  const held = before.get(name);
  const resource = snapshot.resources[subscription.type].get(name);
  setApart(subscription, snapshot, name, held);
  if (resource === undefined) {
    if (held === undefined) bringInLine(subscription, name, undefined);
    else subscription.gone.add(name);
  } else if (held?.version === resource.version) bringInLine(subscription, name, resource);
  else subscription.dirty.add(name);
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
