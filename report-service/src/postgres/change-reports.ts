import { createLru } from "../lib/lru.ts";
import { type Changed, changeReport } from "../model/change-report.ts";
import type { ReportKey } from "../model/names.ts";
import type { ChangeOf } from "../ports/report-store.ts";
import type { Change, ChangeFeed } from "./change-feed.ts";
import type { Database } from "./database.ts";
import { keyOf, readReports, type Stored } from "./report-rows.ts";
import { settleJobs, type Write, writeReports } from "./write-reports.ts";

export type ChangeReports = (
  changes: readonly ChangeOf[],
  nowMs: number,
  read?: ReadonlyMap<string, Stored>,
) => Promise<readonly (Changed | undefined)[]>;

// As many as the workers of one process can have, and more.
const mostRemembered = 1_000;

/**
 * Applies changes in order: reads the reports (or takes what was `read`), decides, and writes those that nobody else has
 * written meanwhile. The others are read and decided again: of those who write one report at once, one always succeeds.
 * Running reports are remembered as this process has written them, which spares most results a read.
 */
export function createChangeReports(database: Database, feed: ChangeFeed): ChangeReports {
  const running = createLru<Stored>(mostRemembered);

  return async (changes, nowMs, read) => {
    const results: (Changed | undefined)[] = Array(changes.length).fill(undefined);
    let open: readonly Open[] = changes.map((change, index) => ({ ...change, index }));
    let remembered = read ? none : recall(open);
    let known = read ?? (await readBeside(remembered, open));
    for (;;) {
      const { decided, writes } = decide(open, known, nowMs);
      const lost = await write(writes, nowMs);
      // What is remembered may be outdated. A write finds that out; where nothing is to be written, it has to be read.
      const isOpen = ({ key, result }: Decided) =>
        lost.has(keyOf(key)) || (result?.kind !== "changed" && remembered.has(keyOf(key)));
      const settled = decided.filter((one) => !isOpen(one));
      for (const { index, result } of settled) results[index] = result;
      const done = new Set(settled.map(({ index }) => index));
      open = open.filter(({ index }) => !done.has(index));
      if (open.length === 0) break;
      remembered = none;
      known = await readBeside(remembered, open);
    }
    announce(feed, changes, results);
    return results;
  };

  /** What is remembered, and the others of those that are open, read. */
  async function readBeside(remembered: ReadonlyMap<string, Stored>, open: readonly Open[]) {
    const unknown = distinct(open.map(({ key }) => key)).filter((key) => !remembered.has(keyOf(key)));
    return unknown.length === 0 ? remembered : new Map([...remembered, ...(await readReports(database, unknown))]);
  }

  function recall(open: readonly Open[]): ReadonlyMap<string, Stored> {
    const found = new Map<string, Stored>();
    for (const { key } of open) {
      const stored = running.get(keyOf(key), 0);
      if (stored) found.set(keyOf(key), stored);
    }
    return found;
  }

  function remember({ after, revision }: Write): void {
    if (after.status.kind !== "running") running.delete(keyOf(after));
    else running.set(keyOf(after), { report: after, revision: revision + 1 }, 1, Number.POSITIVE_INFINITY);
  }

  /** The keys of those that somebody else has written meanwhile. */
  async function write(writes: readonly Write[], nowMs: number): Promise<ReadonlySet<string>> {
    if (writes.length === 0) return new Set();
    const { keys, missedJobs } = await writeReports(database, writes, nowMs);
    if (missedJobs)
      await settleJobs(
        database,
        writes.map(({ after }) => after),
      );
    const lost = new Set<string>();
    for (const one of writes) {
      const key = keyOf(one.after);
      if (keys.has(key)) {
        remember(one);
        continue;
      }
      lost.add(key);
      running.delete(key);
    }
    return lost;
  }
}

const none: ReadonlyMap<string, Stored> = new Map();

type Open = ChangeOf & { readonly index: number };
type Decided = { readonly index: number; readonly key: ReportKey; readonly result: Changed | undefined };

/** One change of each report; what follows it is decided in the next round, so that each state is written. */
function decide(changes: readonly Open[], known: ReadonlyMap<string, Stored>, nowMs: number) {
  const writes = new Map<string, Write>();
  const decided: Decided[] = [];
  for (const { key, change, index } of changes) {
    if (writes.has(keyOf(key))) continue;
    const stored = known.get(keyOf(key));
    const result = stored && changeReport(stored.report, change, nowMs);
    decided.push({ index, key, result });
    if (!stored || result?.kind !== "changed") continue;
    writes.set(keyOf(key), { before: stored.report, after: result.report, revision: stored.revision });
  }
  return { decided, writes: [...writes.values()] };
}

function distinct(keys: readonly ReportKey[]): readonly ReportKey[] {
  return [...new Map(keys.map((key) => [keyOf(key), key])).values()];
}

function announce(feed: ChangeFeed, changes: readonly ChangeOf[], results: readonly (Changed | undefined)[]): void {
  const told: Change[] = [];
  for (const [index, { change }] of changes.entries()) {
    const result = results[index];
    if (result?.kind !== "changed" || change.kind === "renew") continue;
    const { tenant, id, cluster, priority, status } = result.report;
    told.push({ kind: "report", tenant, id });
    if (status.kind === "queued") told.push({ kind: "waiting", cluster, priority, tenant });
  }
  feed.announce(told);
}
