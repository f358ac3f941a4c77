import { backoffMs } from "../lib/backoff.ts";
import { never } from "../lib/exhaustive.ts";
import { createLatest, type Latest } from "../lib/latest.ts";
import { pause } from "../lib/wait.ts";
import type {
  ConsulFeed,
  Feed,
  FeedKey,
  FeedState,
  FeedStates,
  FileFeed,
  KubernetesFeed,
  RegistryFeed,
  SavedFeeds,
  Sighting,
  SourceNote,
  WatchFeed,
} from "./feed.ts";
import { afterSighting, afterWaiting } from "./feed-state.ts";

export type Watches = {
  readonly file: WatchFeed<FileFeed>;
  readonly registry: WatchFeed<RegistryFeed>;
  readonly consul: WatchFeed<ConsulFeed>;
  readonly kubernetes: WatchFeed<KubernetesFeed>;
};

export type FollowFeedsOptions = {
  readonly demand: Latest<ReadonlyMap<FeedKey, Feed>>;
  readonly watch: Watches;
  readonly observe: (note: SourceNote) => void;
  readonly now: () => Date;
  /** What an earlier run saw: in force for a feed that is overdue, so that a restart removes nothing while a source is away. */
  readonly saved?: SavedFeeds;
  /** How long others wait for a feed that has not spoken yet: then its state is `overdue`. */
  readonly maxWaitMs?: number;
  /** The same, where something saved can stand in for it. */
  readonly maxWaitSavedMs?: number;
  readonly random?: () => number;
};

type Followed = { readonly feed: Feed; state: FeedState; readonly stop: AbortController };

/** Node takes a longer timer for one of 1 ms. */
const longestTimerMs = 2 ** 31 - 1;
/** A source that only repeats itself makes the published ages newer this often: thousands of feeds repeat themselves. */
const refreshMs = 1_000;
const restartBackoff = { baseMs: 500, maxMs: 30_000 };

/**
 * Watches every feed that is demanded, and no other; what is known of them is published once per turn of the event loop.
 * Ends with the signal. Nothing is published before the first demand is known.
 */
export function followFeeds(options: FollowFeedsOptions, signal: AbortSignal): Latest<FeedStates> {
  const { demand, watch, observe, now, saved = new Map(), random = Math.random } = options;
  const { maxWaitMs = 15_000, maxWaitSavedMs = 3_000 } = options;
  const states = createLatest<FeedStates>();
  const followed = new Map<FeedKey, Followed>();
  let publishing: NodeJS.Immediate | undefined;
  let refreshing: NodeJS.Timeout | undefined;

  void followDemand();
  return states;

  async function followDemand(): Promise<void> {
    for await (const feeds of demand.changes(signal)) {
      for (const [key, { stop }] of followed) {
        if (feeds.has(key)) continue;
        followed.delete(key);
        stop.abort();
      }
      for (const [key, feed] of feeds) {
        if (!followed.has(key)) follow(feed);
      }
      publishSoon();
    }
    for (const { stop } of followed.values()) stop.abort();
  }

  function follow(feed: Feed): void {
    const stop = new AbortController();
    const one: Followed = { feed, state: { kind: "waiting", since: now(), overdue: false }, stop };
    followed.set(feed.key, one);
    void take(one, stop.signal);
    void markOverdue(one, stop.signal);
  }

  async function take(one: Followed, stopped: AbortSignal): Promise<void> {
    for (let attempt = 0; !stopped.aborted; attempt++) {
      try {
        for await (const sighting of watchOf(watch, one.feed, stopped)) {
          if (stopped.aborted) return;
          attempt = 0;
          see(one, sighting);
        }
        if (stopped.aborted) return;
        throw new Error(`the watch of ${one.feed.key} ended by itself`);
      } catch (thrown) {
        if (stopped.aborted) return;
        const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
        observe({ kind: "source-watch-broken", source: one.feed.source, feed: one.feed.key, cause });
        see(one, { kind: "failed", cause });
        await pause(backoffMs(attempt, restartBackoff, random), stopped);
      }
    }
  }

  async function markOverdue(one: Followed, stopped: AbortSignal): Promise<void> {
    const restorable = saved.get(one.feed.key);
    await pause(Math.min(restorable ? maxWaitSavedMs : maxWaitMs, longestTimerMs), stopped);
    if (stopped.aborted || one.state.kind !== "waiting") return;
    const { state, notes } = afterWaiting(one.feed, one.state, restorable);
    one.state = state;
    for (const note of notes) observe(note);
    publishSoon();
  }

  function see(one: Followed, sighting: Sighting): void {
    const before = one.state;
    const { state, notes } = afterSighting(one.feed, before, sighting, now());
    one.state = state;
    for (const note of notes) observe(note);
    if (confirms(before, state)) publishLater();
    else publishSoon();
  }

  /** Answers that came in together are one change: a turn later rather than a microtask, so that all sockets were read. */
  function publishSoon(): void {
    publishing ??= setImmediate(publish);
  }

  function publishLater(): void {
    refreshing ??= setTimeout(publish, refreshMs).unref();
  }

  function publish(): void {
    clearImmediate(publishing);
    clearTimeout(refreshing);
    publishing = undefined;
    refreshing = undefined;
    if (signal.aborted) return;
    states.set(new Map([...followed].map(([key, { feed, state }]) => [key, { feed, state }])));
  }
}

function confirms(before: FeedState, after: FeedState): boolean {
  return (
    before.kind === "current" &&
    after.kind === "current" &&
    before.endpoints === after.endpoints &&
    before.skipped === after.skipped
  );
}

function watchOf(watch: Watches, feed: Feed, signal: AbortSignal): AsyncIterable<Sighting> {
  switch (feed.kind) {
    case "file":
      return watch.file(feed, signal);
    case "registry":
      return watch.registry(feed, signal);
    case "consul":
      return watch.consul(feed, signal);
    case "kubernetes":
      return watch.kubernetes(feed, signal);
    default:
      return never(feed);
  }
}
