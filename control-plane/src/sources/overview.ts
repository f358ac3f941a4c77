import { byText, sortedBy } from "../lib/order.ts";
import type { Problem } from "../lib/parsed.ts";
import type { SourceName } from "../model/names.ts";
import type { Feed, FeedKey, FeedState, FeedStates } from "./feed.ts";

/** What is known of one source, over all its feeds. */
export type SourceOverview = {
  readonly source: SourceName;
  readonly kind: Feed["kind"];
  /** The worst that holds of any of its feeds: stale, then waiting, then current. */
  readonly state: FeedState["kind"];
  /** Stale: since the first of its feeds was lost. Waiting: since when. Current: when it last said something. */
  readonly since: Date;
  /** When any of its feeds last answered; undefined before the first answer. */
  readonly lastSeen: Date | undefined;
  /** Services as this source knows them. */
  readonly services: number;
  readonly waiting: number;
  readonly stale: number;
  readonly endpoints: number;
  /** Why it is stale or still waiting. */
  readonly cause?: string;
  /** How much older than its arrival the oldest of its last answers may be; undefined where the source does not say. */
  readonly lagMs?: number;
  /** Entries that make no endpoint. */
  readonly skipped: readonly Problem[];
};

/** By source, in the order of their names. */
export function overviewOf(states: FeedStates): readonly SourceOverview[] {
  const bySource = Map.groupBy(states.values(), ({ feed }) => feed.source);
  return sortedBy(
    [...bySource].map(([source, feeds]) => sourceOverview(source, feeds)),
    ({ source }) => source,
  );
}

function sourceOverview(
  source: SourceName,
  feeds: readonly { readonly feed: Feed; readonly state: FeedState }[],
): SourceOverview {
  const all = feeds.map(({ state }) => state);
  const stale = all.filter((state) => state.kind === "stale");
  const waiting = all.filter((state) => state.kind === "waiting");
  const seen = all.filter((state) => state.kind !== "waiting");
  const lastSeen = times(seen.map(({ at }) => at)).at(-1);
  const unseen = stale.length > 0 ? stale : waiting;
  const cause = unseen.find((state) => state.cause)?.cause;
  const lags = seen.flatMap(({ evidence }) => evidence?.lagMs ?? []);
  return {
    source,
    kind: feeds[0]?.feed.kind ?? "registry",
    state: stale.length > 0 ? "stale" : waiting.length > 0 ? "waiting" : "current",
    since: times(unseen.map(({ since }) => since))[0] ?? lastSeen ?? new Date(0),
    lastSeen,
    services: feeds.length,
    waiting: waiting.length,
    stale: stale.length,
    endpoints: seen.reduce((sum, { endpoints }) => sum + endpoints.length, 0),
    ...(cause && { cause: cause.message }),
    ...(lags.length > 0 && { lagMs: lags.reduce((most, lag) => Math.max(most, lag)) }),
    skipped: seen.flatMap(({ skipped }) => skipped),
  };
}

function times(dates: readonly Date[]): readonly Date[] {
  return dates.toSorted((a, b) => a.getTime() - b.getTime());
}

/**
 * Why a control plane holds back, in words: `consul/dc-b has not answered for 4 s (3 services): connection refused`. A line
 * for each source, however many of its feeds are waited for.
 */
export function waitingText(
  waitingFor: readonly FeedKey[],
  demanded: ReadonlyMap<FeedKey, Feed>,
  states: FeedStates,
  now: Date,
): readonly string[] {
  const feeds = waitingFor.flatMap((key) => demanded.get(key) ?? []);
  const lines = [...Map.groupBy(feeds, ({ source }) => source)].map(([source, own]) => {
    const waiting = own.flatMap(({ key }) => {
      const state = states.get(key)?.state;
      return state?.kind === "waiting" ? [state] : [];
    });
    const since = times(waiting.map((state) => state.since))[0] ?? now;
    const cause = waiting.find((state) => state.cause)?.cause;
    const seconds = Math.round((now.getTime() - since.getTime()) / 1000);
    const services = own.length === 1 ? "1 service" : `${own.length} services`;
    return `${source} has not answered for ${seconds} s (${services})${cause ? `: ${cause.message}` : ""}`;
  });
  return lines.sort(byText);
}
