import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { type Bell, createBell } from "../lib/bell.ts";
import type { TenantId } from "../model/names.ts";
import type { Priority, WorkerCluster } from "../model/report.ts";
import type { Database } from "./database.ts";
import { closeClient } from "./pool.ts";

/** That a report has changed, that a tenant has something waiting, or that there are results to write. */
export type Change =
  | { readonly kind: "report"; readonly tenant: string; readonly id: string }
  | { readonly kind: "result" }
  | {
      readonly kind: "waiting";
      readonly cluster: WorkerCluster;
      readonly priority: Priority;
      readonly tenant: TenantId;
    };

export type ChangeFeed = {
  /** Rings when the report changes, or may have. */
  follow(key: { readonly tenant: string; readonly id: string }): Bell & Disposable;
  /** Rings when there are results to write. */
  followResults(): Bell & Disposable;
  /** Is told of everything that starts to wait, on any server; of nothing in particular when something was missed. */
  hearWaiting(hear: (waiting: Extract<Change, { kind: "waiting" }> | "missed") => void): Disposable;
  /** Tells this process at once and all others soon; call it after the commit. */
  announce(changes: readonly Change[]): void;
} & AsyncDisposable;

// No report is called so: all have a space in their topic.
const resultsTopic = "results";
const channel = "weir_reports";
// A notification has less than 8,000 bytes: https://www.postgresql.org/docs/current/sql-notify.html
const mostBytes = 7_900;
const reconnectMs = 500;

/**
 * Changes as NOTIFY tells them. They are sent after the commit, many in one, and not by the transaction that made them:
 * NOTIFY takes a lock that all such transactions would hold one after the other until they are on disk. So they may get
 * lost, with a server that dies or a connection that breaks; who follows also looks now and then.
 */
export function createChangeFeed(database: Database, connect: () => Promise<pg.Client>): ChangeFeed {
  const self = randomUUID().slice(0, 8);
  const closed = new AbortController();
  const followers = new Map<string, Set<Bell>>();
  const hearers = new Set<Parameters<ChangeFeed["hearWaiting"]>[0]>();
  const unsent = new Set<string>();
  let sending: Promise<void> | undefined;

  function hear(line: string): void {
    const [kind, one = "", two = "", three = ""] = line.split(" ");
    if (kind === "r") for (const bell of followers.get(`${one} ${two}`) ?? []) bell.ring();
    if (kind === "s") for (const bell of followers.get(resultsTopic) ?? []) bell.ring();
    if (kind === "w") {
      const waiting = { kind: "waiting", cluster: one, priority: two as Priority, tenant: three as TenantId } as const;
      for (const tell of hearers) tell(waiting);
    }
  }

  function missed(): void {
    for (const bells of followers.values()) for (const bell of bells) bell.ring();
    for (const tell of hearers) tell("missed");
  }

  async function send(): Promise<void> {
    // Those of one turn of the event loop go together.
    await new Promise((resolve) => setImmediate(resolve));
    while (unsent.size > 0) {
      let payload = self;
      for (const line of unsent) {
        if (payload.length + line.length + 1 > mostBytes) break;
        payload += `\n${line}`;
        unsent.delete(line);
      }
      // Whoever misses this looks by itself; what Postgres does not take now need not be told later.
      await database.query(notify, [payload]).catch(() => unsent.clear());
    }
    sending = undefined;
  }

  async function listen(): Promise<void> {
    while (!closed.signal.aborted) {
      try {
        const client = await connect();
        const ended = new Promise<void>((resolve) => {
          client.once("error", () => resolve());
          client.once("end", () => resolve());
          closed.signal.addEventListener("abort", () => resolve(), { once: true });
          // It may have been closed while this was connecting.
          if (closed.signal.aborted) resolve();
        });
        client.on("notification", ({ payload = "" }) => {
          const [from, ...lines] = payload.split("\n");
          if (from !== self) lines.forEach(hear);
        });
        await client.query(`listen ${channel}`);
        missed();
        await ended;
        await closeClient(client);
      } catch {
        // As long as Postgres is away there is nothing to hear.
      }
      await delay(reconnectMs, undefined, { signal: closed.signal, ref: false }).catch(() => undefined);
    }
  }

  const listening = listen();
  function subscribe(topic: string): Bell & Disposable {
    const bell = createBell();
    const bells = followers.get(topic) ?? new Set();
    followers.set(topic, bells.add(bell));
    return {
      ...bell,
      [Symbol.dispose]() {
        bells.delete(bell);
        if (bells.size === 0 && followers.get(topic) === bells) followers.delete(topic);
      },
    };
  }

  return {
    follow: ({ tenant, id }) => subscribe(`${tenant} ${id}`),
    followResults: () => subscribe(resultsTopic),
    hearWaiting(tell) {
      hearers.add(tell);
      return { [Symbol.dispose]: () => void hearers.delete(tell) };
    },
    announce(changes) {
      if (closed.signal.aborted) return;
      for (const change of changes) {
        const line = lineOf(change);
        hear(line);
        unsent.add(line);
      }
      if (unsent.size > 0) sending ??= send();
    },
    async [Symbol.asyncDispose]() {
      await sending;
      closed.abort();
      await listening;
    },
  };
}

const notify = { name: "notify", text: `select pg_notify('${channel}', $1)` };

// Tenants, ids, clusters and priorities are resource ids: none holds a space.
function lineOf(change: Change): string {
  switch (change.kind) {
    case "report":
      return `r ${change.tenant} ${change.id}`;
    case "result":
      return "s";
    case "waiting":
      return `w ${change.cluster} ${change.priority} ${change.tenant}`;
  }
}
