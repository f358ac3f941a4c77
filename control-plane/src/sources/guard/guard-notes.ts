import type { ServiceName } from "../../model/names.ts";
import { addressText } from "../../model/service.ts";
import type { Demand } from "../demand.ts";
import type { FeedKey } from "../feed.ts";
import { refusedText } from "./address-rule.ts";
import { type FeedGuard, movedTo } from "./feed-guard.ts";
import { isFlapping } from "./flaps.ts";
import type { Guard, Said } from "./guard.ts";
import type { GuardNote } from "./guard-note.ts";
import type { GuardSettings } from "./guard-settings.ts";

/** What is to be told when this is believed after that. What goes on as it was is not told again. */
export function guardNotes(
  before: Guard,
  after: Guard,
  { demand, states, allows, confirmed }: Said,
  nowMs: number,
  { holdMs, flapMs }: GuardSettings,
): readonly GuardNote[] {
  const notes: GuardNote[] = [];
  for (const [service, key] of servedFeeds(demand)) {
    const now = after.feeds.get(key);
    const earlier = before.feeds.get(key);
    const source = states.get(key)?.feed.source;
    if (!now || now === earlier || source === undefined) continue;
    const about = { service, source, feed: key };
    for (const [{ change, why }, addresses] of begun(earlier, now))
      notes.push({ kind: "guard-held", ...about, change, why, addresses, holdMs });
    const { taken, let: gone } = ended(earlier, now);
    if (taken.length > 0)
      notes.push({ kind: "guard-taken-back", ...about, addresses: taken, heldMs: age(earlier, taken, nowMs) });
    for (const change of ["gone", "new"] as const) {
      const addresses = gone.filter((address) => earlier?.held.get(address)?.change === change);
      const heldMs = age(earlier, addresses, nowMs);
      const isConfirmed = confirmed === service;
      if (addresses.length > 0)
        notes.push({ kind: "guard-let-go", ...about, change, addresses, heldMs, confirmed: isConfirmed });
    }
    for (const [address, flaps] of now.flaps) {
      const already = earlier?.flaps.get(address);
      if (flapMs > 0 && isFlapping(flaps, nowMs) && !(already && isFlapping(already, nowMs)))
        notes.push({ kind: "endpoint-flapping", ...about, address });
    }
    for (const { address } of now.refused) {
      if (earlier?.refused.some((each) => addressText(each.address) === addressText(address))) continue;
      const says = refusedText(address, allows(address) ?? "");
      notes.push({ kind: "endpoint-refused", service, source, address: addressText(address), says });
    }
  }
  return notes;
}

/** Each feed of each service, the services in the order of their documents. */
export function* servedFeeds({ parts }: Demand): Generator<readonly [ServiceName, FeedKey]> {
  for (const [service, own] of parts) for (const part of own) if (part.kind === "feed") yield [service, part.key];
}

function begun(before: FeedGuard | undefined, { held }: FeedGuard) {
  const groups = new Map<string, readonly [Pick<GuardHeld, "change" | "why">, string[]]>();
  for (const [address, { change, why }] of held) {
    if (before?.held.has(address)) continue;
    const group = groups.get(why) ?? ([{ change, why }, []] as const);
    group[1].push(address);
    groups.set(why, group);
  }
  return groups.values();
}
type GuardHeld = Extract<GuardNote, { readonly kind: "guard-held" }>;

function ended(before: FeedGuard | undefined, now: FeedGuard) {
  const taken: string[] = [];
  const gone: string[] = [];
  const moved = movedTo(now.saidBy);
  for (const [address, { change, endpoints }] of before?.held ?? []) {
    if (now.held.has(address)) continue;
    const isTakenBack = now.saidBy.has(address) === (change === "gone");
    if (isTakenBack || (change === "gone" && moved(endpoints))) taken.push(address);
    else gone.push(address);
  }
  return { taken, let: gone };
}

function age(before: FeedGuard | undefined, addresses: readonly string[], nowMs: number): number {
  const since = addresses.flatMap((address) => before?.held.get(address)?.sinceMs ?? []);
  return since.length === 0 ? 0 : nowMs - Math.min(...since);
}
