import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { StoreUnavailable } from "../ports/store-unavailable.ts";

export type PoolSettings = {
  /** Connections that may be open at once. */
  readonly max: number;
  /** Of these, how many may stay open without being used. */
  readonly maxIdle: number;
  /** A connection that is older is closed once it is not used. */
  readonly lifetimeMs: number;
  /** How long a caller waits for a connection while all are used. */
  readonly patienceMs: number;
};

/** Connections that are lent to one caller at a time. */
export type Pool = {
  /** Fails at once while Postgres is known to be gone. An aborted `signal` ends the waiting. */
  take(signal?: AbortSignal): Promise<pg.Client>;
  /** `broken`: it is closed instead of lent again. */
  giveBack(client: pg.Client, broken: boolean): void;
} & AsyncDisposable;

// After a failed connect, others are not tried before this: a storm of connects would keep a starting server busy.
const pauseMs = 200;
// So many are opened as soon as they are asked for. To open one takes both ends some 20 ms of CPU, and most statements have
// ended long before: those of a burst go faster through few connections than they would through many new ones. So any
// other is opened only where somebody has waited for a while, and one at a time.
const few = 8;
const longWaitMs = 25;

type Waiting = {
  readonly sinceMs: number;
  readonly resolve: (client: pg.Client) => void;
  readonly reject: (cause: unknown) => void;
};

/** A server that is frozen or cut off does not say good-bye. */
export async function closeClient(client: pg.Client): Promise<void> {
  const late = new AbortController();
  const ended = client.end().catch(() => undefined);
  await Promise.race([ended, delay(1_000, undefined, { signal: late.signal }).catch(() => undefined)]);
  late.abort();
  client.connection.stream.destroy();
}

export function createPool(connect: () => Promise<pg.Client>, settings: PoolSettings): Pool {
  const { max, maxIdle, lifetimeMs, patienceMs } = settings;
  const bornAtMs = new Map<pg.Client, number>();
  const broken = new WeakSet<pg.Client>();
  const idle: pg.Client[] = [];
  const waiting: Waiting[] = [];
  const opening = new Set<Promise<void>>();
  const closing = new Set<Promise<void>>();
  let closed = false;
  let growth: NodeJS.Timeout | undefined;
  let pause: { readonly untilMs: number; readonly cause: unknown } | undefined;

  function close(client: pg.Client): void {
    bornAtMs.delete(client);
    const ended = closeClient(client);
    closing.add(ended);
    void ended.then(() => closing.delete(ended));
  }

  function openOne(): void {
    const opened = open();
    opening.add(opened);
    void opened.then(() => opening.delete(opened));
  }

  async function open(): Promise<void> {
    try {
      const client = await connect();
      pause = undefined;
      client.on("error", () => broken.add(client));
      client.on("end", () => broken.add(client));
      bornAtMs.set(client, performance.now());
      lend(client);
    } catch (cause) {
      pause = { untilMs: performance.now() + pauseMs, cause };
      for (const { reject } of waiting.splice(0)) reject(cause);
    }
  }

  function hasRoom(): boolean {
    return bornAtMs.size + opening.size < max;
  }

  function growSlowly(): void {
    growth ??= setTimeout(() => {
      growth = undefined;
      const [first] = waiting;
      if (!first || !hasRoom()) return;
      if (opening.size === 0 && performance.now() - first.sinceMs >= longWaitMs) openOne();
      growSlowly();
    }, longWaitMs);
  }

  function lend(client: pg.Client): void {
    const next = waiting.shift();
    if (next) next.resolve(client);
    else if (!closed && idle.length < maxIdle) idle.push(client);
    else close(client);
  }

  function isWorn(client: pg.Client): boolean {
    return broken.has(client) || performance.now() - (bornAtMs.get(client) ?? 0) > lifetimeMs;
  }

  return {
    async take(signal) {
      if (closed) throw new StoreUnavailable("the store is closed", 1_000, undefined);
      for (let client = idle.pop(); client; client = idle.pop()) {
        if (!isWorn(client)) return client;
        close(client);
      }
      if (pause && performance.now() < pause.untilMs) throw pause.cause;
      const { promise, resolve, reject } = Promise.withResolvers<pg.Client>();
      const own = { sinceMs: performance.now(), resolve, reject };
      waiting.push(own);
      if (hasRoom()) {
        if (bornAtMs.size + opening.size < few) openOne();
        else growSlowly();
      }
      const leave = (cause: unknown) => {
        const at = waiting.indexOf(own);
        if (at >= 0) waiting.splice(at, 1);
        reject(cause);
      };
      const abort = () => leave(signal?.reason);
      const tooLong = `none of at most ${max} connections to Postgres came free in time`;
      const timer = setTimeout(() => leave(new StoreUnavailable(tooLong, 1_000, undefined)), patienceMs);
      signal?.addEventListener("abort", abort, { once: true });
      return promise.finally(() => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
      });
    },
    giveBack(client, isBroken) {
      if (isBroken || isWorn(client)) {
        close(client);
        if (waiting.length > 0 && hasRoom()) openOne();
      } else lend(client);
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      clearTimeout(growth);
      for (const { reject } of waiting.splice(0)) reject(new StoreUnavailable("the store is closed", 1_000, undefined));
      await Promise.all(opening);
      for (const client of bornAtMs.keys()) close(client);
      await Promise.all(closing);
    },
  };
}
