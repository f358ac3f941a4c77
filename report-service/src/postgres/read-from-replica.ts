import { setTimeout as delay } from "node:timers/promises";
import type { ReportKey } from "../model/names.ts";
import { hasEnded } from "../model/report.ts";
import type { Database } from "./database.ts";
import type { ListReports } from "./list-reports.ts";
import type { ReadReports } from "./read-reports.ts";
import { keyOf, readReport } from "./report-rows.ts";

// A standby that is further behind than this is not read from, nor one whose state is unknown.
const mostBehindMs = 2_000;
const lookMs = 500;
const mostRemembered = 10_000;

const written = { name: "written-lsn", text: "select pg_current_wal_lsn()::text as lsn" };
const reached = { name: "reached-lsn", text: "select pg_last_wal_replay_lsn() >= $1::pg_lsn as reached" };

/**
 * Reads what a standby can answer: reports that have ended, which change no more but by a retry or by their removal, and
 * lists. What this server has written a moment ago, reports that are not ended or not there, and everything while the
 * standby is behind or away come from the primary. What another server has retried or removed may be seen `mostBehindMs`
 * late.
 */
export function readFromReplica(
  primary: ReadReports,
  primaryDatabase: Database,
  replica: Database,
  listReports: ListReports,
): ReadReports & Disposable {
  const stopping = new AbortController();
  const recent = new Map<string, number>();
  let reachedMs = Number.NEGATIVE_INFINITY;

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      await look().catch(() => undefined);
      await delay(lookMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
    }
  }

  /** The standby has everything that the primary had when this look began. */
  async function look(): Promise<void> {
    const beganMs = performance.now();
    const [now] = await primaryDatabase.query(written, []);
    for (let asked = 0; asked < 4 && !stopping.signal.aborted; asked += 1) {
      const [there] = await replica.query(reached, [String(now?.["lsn"])]);
      if (there?.["reached"]) {
        reachedMs = beganMs;
        return;
      }
      await delay(lookMs / 4, undefined, { signal: stopping.signal, ref: false });
    }
  }

  const isUsable = () => performance.now() - reachedMs < mostBehindMs;
  const isRecent = (name: string) => performance.now() - (recent.get(name) ?? Number.NEGATIVE_INFINITY) < mostBehindMs;

  function remember(name: string): void {
    // Again at the end: the first ones are the oldest.
    recent.delete(name);
    recent.set(name, performance.now());
    const [oldest] = recent.keys();
    if (recent.size > mostRemembered && oldest !== undefined) recent.delete(oldest);
  }

  void watch();
  return {
    async read(key: ReportKey, signal) {
      if (!isUsable() || isRecent(keyOf(key))) return primary.read(key, signal);
      const found = await readReport(replica, key, signal).catch((error: unknown) => {
        if (signal?.aborted) throw error;
        return undefined;
      });
      return found && hasEnded(found.report) ? found.report : primary.read(key, signal);
    },
    async list(query, signal) {
      if (!isUsable() || isRecent(query.tenant)) return primary.list(query, signal);
      return listReports(replica, query, signal).catch((error: unknown) => {
        if (signal?.aborted) throw error;
        return primary.list(query, signal);
      });
    },
    wrote(keys) {
      for (const key of keys) {
        remember(keyOf(key));
        remember(key.tenant);
      }
    },
    [Symbol.dispose]: () => stopping.abort(),
  };
}
