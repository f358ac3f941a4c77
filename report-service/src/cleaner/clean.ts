import { reportName, uploadName } from "../model/names.ts";
import { objectsOf } from "../model/report.ts";
import { objectOfUpload } from "../model/upload.ts";
import type { Chore, CleanUp, Cleared } from "../ports/clean-up.ts";
import type { Clock } from "../ports/clock.ts";
import { type CleanerNote, type Cleaning, cleanings } from "./cleaner-note.ts";
import { findOrphans, type OrphanParts } from "./find-orphans.ts";

export type CleanParts = OrphanParts & {
  readonly cleanUp: CleanUp;
  readonly clock: Clock;
  readonly times: CleanTimes;
  readonly observe: (note: CleanerNote) => void;
};

export type CleanTimes = {
  /** How long a completed upload is kept. */
  readonly uploadRetentionMs: number;
  /** How old an object is at least that is removed because nothing names it. */
  readonly orphanAgeMs: number;
};

/** What was cleaned, or with `dryRun` would be; `examples` are a few of their names. */
export type Cleaned = {
  readonly what: Cleaning;
  readonly count: number;
  readonly sizeBytes?: number;
  readonly examples: readonly string[];
};

const dayMs = 86_400_000;
// Far beyond what a worker that is late takes to renew its lease: what is still stuck then, nobody works on.
const stuckMs = 600_000;
// Small enough that the write lock is soon free again for those who serve.
const batch = 100;
const mostCounted = 100_000;
const removalsAtOnce = 8;
const mostExamples = 3;

/**
 * Cleans once. Any number of cleaners may do so at once, each thing is cleaned and counted by one of them. What cannot be
 * cleaned now is told, and left for the next time.
 */
export async function clean(parts: CleanParts, dryRun: boolean, signal: AbortSignal): Promise<readonly Cleaned[]> {
  const startedAtMs = performance.now();
  const all: Cleaned[] = [];
  let failed = 0;
  for (const what of cleanings) {
    if (signal.aborted) break;
    try {
      const cleaned = await cleanOne(what, parts, dryRun, signal);
      all.push(cleaned);
      const { count, sizeBytes } = cleaned;
      if (count > 0 && !dryRun)
        parts.observe({ kind: "cleaned", what, count, ...(sizeBytes !== undefined && { sizeBytes }) });
    } catch (error) {
      if (signal.aborted) break;
      failed += 1;
      parts.observe({ kind: "clean-failed", what, cause: error as Error });
    }
  }
  if (!dryRun) parts.observe({ kind: "clean-ended", failed, tookMs: performance.now() - startedAtMs });
  return all;
}

async function cleanOne(what: Cleaning, parts: CleanParts, dryRun: boolean, signal: AbortSignal): Promise<Cleaned> {
  const { clock, objects, times } = parts;
  const nowMs = clock.now();
  switch (what) {
    case "stuck":
      return clearRows(what, nowMs - stuckMs, parts, dryRun, signal);
    case "expired":
      return clearRows(what, nowMs, parts, dryRun, signal);
    case "forgotten":
    case "requests":
    case "abandoned":
      return clearRows(what, nowMs - dayMs, parts, dryRun, signal);
    case "outdated":
      return clearRows(what, nowMs - times.uploadRetentionMs, parts, dryRun, signal);
    case "unfinished":
      return { what, count: await objects.removeUnfinished(nowMs - dayMs, dryRun), examples: [] };
    case "orphans":
      return removeOrphans(parts, nowMs - times.orphanAgeMs, dryRun, signal);
  }
}

async function clearRows(
  what: Chore,
  beforeMs: number,
  { cleanUp, objects }: CleanParts,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<Cleaned> {
  if (dryRun) {
    const due = await cleanUp.due(what, beforeMs, mostCounted);
    return { what, count: due.length, examples: due.slice(0, mostExamples).map(nameOf) };
  }
  const examples: string[] = [];
  let count = 0;
  // A batch that another cleaner works on, too, comes back shorter; only an empty one is the end.
  for (let found = batch; found > 0 && !signal.aborted; ) {
    const cleared = await cleanUp.clear(what, beforeMs, batch);
    // Rows first: what ends here leaves objects that nothing names, which are found, and no row without its objects.
    if (what !== "stuck" && what !== "requests") await inTurns(cleared.map(objectsOfCleared), objects.remove);
    examples.push(...cleared.slice(0, mostExamples - examples.length).map(nameOf));
    count += found = cleared.length;
  }
  return { what, count, examples };
}

async function removeOrphans(
  parts: CleanParts,
  beforeMs: number,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<Cleaned> {
  const examples: string[] = [];
  let [count, sizeBytes] = [0, 0];
  for await (const orphans of findOrphans(parts, beforeMs, signal)) {
    if (!dryRun) await parts.objects.remove(orphans.prefix);
    if (examples.length < mostExamples) examples.push(orphans.prefix);
    count += orphans.count;
    sizeBytes += orphans.sizeBytes;
  }
  return { what: "orphans", count, sizeBytes, examples };
}

function objectsOfCleared(cleared: Cleared): string | undefined {
  if (cleared.kind === "report") return objectsOf(cleared.key);
  return cleared.kind === "upload" ? objectOfUpload(cleared.key) : undefined;
}

async function inTurns(
  prefixes: readonly (string | undefined)[],
  remove: (prefix: string) => Promise<void>,
): Promise<void> {
  const left = prefixes.values();
  async function some(): Promise<void> {
    for (const prefix of left) if (prefix !== undefined) await remove(prefix);
  }
  await Promise.all(Array.from({ length: removalsAtOnce }, some));
}

function nameOf(cleared: Cleared): string {
  switch (cleared.kind) {
    case "report":
      return reportName(cleared.key);
    case "upload":
      return uploadName(cleared.key);
    case "request":
      return cleared.id;
  }
}
