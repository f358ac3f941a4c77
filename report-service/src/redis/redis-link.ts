import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "@redis/client";
import { gcraScript } from "./gcra-script.ts";

/** What there is to tell of the line to Redis (or Valkey). */
export type RedisNote =
  | { readonly kind: "redis-lost"; readonly cause: Error }
  | { readonly kind: "redis-back"; readonly lostMs: number };

export type RedisParts = {
  /** `redis://[user:password@]host:port[/database]`, or `rediss://` for TLS. */
  readonly url: string;
  /** Nobody waits longer for an answer. */
  readonly deadlineMs?: number;
  /** After a missed answer nobody asks for so long, and then one alone. */
  readonly pauseMs?: number;
  readonly observe: (note: RedisNote) => void;
};

export type RedisClient = ReturnType<typeof clientOf>;

/** A line to one Redis that never makes anybody wait for long. */
export type RedisLink = {
  /**
   * What Redis answers (null where it has nothing), or undefined where it does not in time, cannot be reached, or has just
   * failed to. Whether the command was carried out is then unknown.
   */
  ask<T>(command: (client: RedisClient) => Promise<T>): Promise<T | undefined>;
  /**
   * Calls `hear` for what is published on the channel. `missed` is called when it begins to listen, and whenever the line
   * was cut in between: what was published before is lost.
   */
  listen(channel: string, hear: (message: string) => void, missed: () => void): Disposable;
  /** Calls `back` whenever Redis answers again after it did not. */
  onBack(back: () => void): Disposable;
} & AsyncDisposable;

const defaultDeadlineMs = 50;
const defaultPauseMs = 500;
// How long a server that starts waits for Redis before it goes on without.
const startMs = 2_000;

/** Connects; a Redis that is not there is tried again for ever, and missed by nobody meanwhile. */
export async function openRedis({
  url,
  deadlineMs = defaultDeadlineMs,
  pauseMs = defaultPauseMs,
  observe,
}: RedisParts): Promise<RedisLink> {
  // What cannot be sent now is of no use later, except for what is listened to.
  const client = clientOf(url, { disableOfflineQueue: true });
  const hearing = clientOf(url, { disableOfflineQueue: false });
  const onBack = new Set<() => void>();
  const misses = new Set<() => void>();
  const again = new Set<() => void>();
  let lostAt: number | undefined;
  let silentUntil = 0;
  let asking = false;

  function lose(cause: Error): void {
    silentUntil = performance.now() + pauseMs;
    if (lostAt !== undefined) return;
    lostAt = performance.now();
    observe({ kind: "redis-lost", cause });
  }

  function answered(): void {
    if (lostAt === undefined) return;
    observe({ kind: "redis-back", lostMs: performance.now() - lostAt });
    lostAt = undefined;
    for (const back of onBack) back();
  }

  /** Many may ask as long as it answers; once it did not, one at a time finds out whether it does again. */
  function mayAsk(): boolean {
    return lostAt === undefined || (!asking && performance.now() >= silentUntil);
  }

  async function ask<T>(command: (client: RedisClient) => Promise<T>): Promise<T | undefined> {
    if (!mayAsk()) return undefined;
    const alone = lostAt !== undefined;
    if (alone) asking = true;
    try {
      const answer = await inTime(command(client), deadlineMs);
      answered();
      return answer;
    } catch (cause) {
      lose(cause as Error);
      return undefined;
    } finally {
      if (alone) asking = false;
    }
  }

  client.on("error", lose);
  // A connection that breaks is told of by the other one.
  hearing.on("error", () => undefined);
  client.on("ready", () => void ask((one) => one.ping()));
  // The client subscribes again by itself, except where the line was cut before it knew that it had. Redis answers in
  // order: once it has answered this, it has subscribed us again.
  hearing.on("ready", () => {
    for (const subscribe of again) subscribe();
    hearing.ping().then(
      () => {
        for (const missed of misses) missed();
      },
      () => undefined,
    );
  });
  const connecting = client.connect().catch(lose);
  void hearing.connect().catch(() => undefined);
  await Promise.race([connecting, delay(startMs, undefined, { ref: false })]);

  return {
    ask,
    listen(channel, hear, missed) {
      const listener = (message: string) => hear(message);
      let ended = false;
      const begin = () => {
        if (ended) return;
        misses.add(missed);
        missed();
      };
      const subscribe = () => {
        again.delete(subscribe);
        hearing.subscribe(channel, listener).then(begin, () => ended || again.add(subscribe));
      };
      subscribe();
      return {
        [Symbol.dispose]() {
          ended = true;
          misses.delete(missed);
          again.delete(subscribe);
          hearing.unsubscribe(channel, listener).catch(() => undefined);
        },
      };
    },
    onBack(back) {
      onBack.add(back);
      return { [Symbol.dispose]: () => void onBack.delete(back) };
    },
    async [Symbol.asyncDispose]() {
      for (const each of [client, hearing]) each.destroy();
    },
  };
}

function clientOf(url: string, queueing: { readonly disableOfflineQueue: boolean }) {
  return createClient({
    ...queueing,
    url,
    scripts: { takeAllowance: gcraScript },
    socket: {
      connectTimeout: 2_000,
      // A line that is cut without a word is noticed by the pings that are not answered.
      socketTimeout: 15_000,
      reconnectStrategy: (retries) => Math.min(2_000, 50 * 2 ** retries) * (0.5 + Math.random() / 2),
    },
    pingInterval: 5_000,
    // Its own deadline is for what is not sent yet, and costs an AbortSignal for each command.
    commandOptions: { timeout: 0 },
    maintNotifications: "disabled",
    disableClientInfo: true,
  });
}

function inTime<T>(promise: Promise<T>, deadlineMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new Error(`Redis did not answer within ${deadlineMs} ms`));
    // Where this process was held up itself, the answer may be there and only not read yet: that comes before giving up.
    const late = setTimeout(() => setImmediate(giveUp), deadlineMs);
    promise.then(resolve, reject).finally(() => clearTimeout(late));
  });
}
