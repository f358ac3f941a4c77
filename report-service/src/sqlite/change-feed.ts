import { type Bell, createBell } from "../lib/bell.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import type { Database } from "./database.ts";

/** What a subscription wakes for: one report, or anything that may give a worker something to do. */
export type Topic = string;
export const anyReport: Topic = "*";
/** Whatever another process has committed. */
export const anyCommit: Topic = "**";

export type Subscription = Pick<Bell, "rung"> & Disposable;

export type ChangeFeed = {
  subscribe(topic: Topic): Subscription;
  /** Tells of a change that this process has just committed. */
  announce(topic: Topic): void;
} & Disposable;

/**
 * Tells subscribers of changes, also of those that other processes make: while anyone subscribes, SQLite's
 * `data_version` is read every `pollMs` (2 µs), which differs only after a commit of another connection.
 */
export function createChangeFeed(database: Database, pollMs: number): ChangeFeed {
  const subscribers = new Map<Topic, Set<Bell>>();
  const dataVersion = database.prepare("pragma data_version");
  const eventsAfter = database.prepare(
    "select position, tenant, report from events where position > ? order by position",
  );
  const lastPosition = database.prepare("select coalesce(max(position), 0) as position from events");
  let seenVersion: unknown;
  let seenPosition = 0;
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    const version = dataVersion.get()?.["data_version"];
    if (version === seenVersion) return;
    const events = eventsAfter.all(seenPosition);
    seenVersion = version;
    wake(anyCommit);
    for (const event of events) wake(`${event["tenant"]}/${event["report"]}`);
    seenPosition = Number(events.at(-1)?.["position"] ?? seenPosition);
    if (events.length > 0) wake(anyReport);
  }

  function lookAgain(): void {
    try {
      look();
    } catch (error) {
      // What it could not see is there the next time.
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }

  function wake(topic: Topic): void {
    for (const bell of subscribers.get(topic) ?? []) bell.ring();
  }

  function watch(): void {
    if (timer) return;
    seenVersion = dataVersion.get()?.["data_version"];
    seenPosition = Number(lastPosition.get()?.["position"]);
    timer = setInterval(lookAgain, pollMs);
    timer.unref();
  }

  function rest(): void {
    clearInterval(timer);
    timer = undefined;
  }

  return {
    subscribe(topic) {
      watch();
      const own = subscribers.get(topic) ?? new Set();
      subscribers.set(topic, own);
      const bell = createBell();
      own.add(bell);
      return {
        rung: bell.rung,
        [Symbol.dispose]() {
          own.delete(bell);
          if (own.size === 0) subscribers.delete(topic);
          if (subscribers.size === 0) rest();
        },
      };
    },
    announce(topic) {
      wake(topic);
      if (topic !== anyReport && topic !== anyCommit) wake(anyReport);
    },
    [Symbol.dispose]: rest,
  };
}
