import { setTimeout as delay } from "node:timers/promises";
import type { Changed } from "../model/change-report.ts";
import { isWritten } from "../model/is-written.ts";
import { objectsOf } from "../model/report.ts";
import type { Bulletin } from "../ports/bulletin.ts";
import type { Clock } from "../ports/clock.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { ReportStore } from "../ports/report-store.ts";
import type { Batch, Result, ResultsQueue } from "../ports/results-queue.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import type { WriterNote } from "./writer-note.ts";

/** As many as one transaction should hold. */
const mostAtOnce = 500;
const stumbleMs = 500;
// Shorter than results are held for a writer (`usualResultsLimits`).
const triedForMs = 20_000;

export type WriterParts = {
  readonly results: ResultsQueue;
  readonly reports: ReportStore;
  readonly clock: Clock;
  readonly objects: Pick<ObjectStore, "remove">;
  /** Told of what was written, where the store does not tell by itself. */
  readonly bulletin: Bulletin | undefined;
  readonly observe: (note: WriterNote) => void;
};

export type Writer = {
  /** Writes what has been taken, takes nothing more, and returns; what is left is for another writer. */
  drain(): Promise<void>;
} & AsyncDisposable;

/**
 * Writes results into the store, those that wait together: while one batch is being written the next one gathers, so
 * that nothing waits where there is little to do. Written again, a result changes nothing. One of an attempt that no
 * longer counts is refused by the store, and its bytes are removed.
 */
export function startWriter({ results, reports, clock, objects, bulletin, observe }: WriterParts): Writer {
  const stopping = new AbortController();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const batch = await results.take(mostAtOnce, stopping.signal);
        if (batch.results.length > 0) await writeInTime(batch);
      } catch (cause) {
        // What was taken is given again, to this writer or to another one.
        observe({ kind: "writer-stumbled", cause: cause as Error });
        await pause();
      }
    }
  }

  /** What a store that was away for a moment has not taken is not left to be given again, which takes longer. */
  async function writeInTime(batch: Batch): Promise<void> {
    const untilMs = performance.now() + triedForMs;
    for (;;) {
      try {
        return await write(batch);
      } catch (cause) {
        if (!(cause instanceof StoreUnavailable) || stopping.signal.aborted || performance.now() > untilMs) throw cause;
        observe({ kind: "writer-stumbled", cause });
        await pause();
      }
    }
  }

  async function pause(): Promise<void> {
    await delay(stumbleMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
  }

  async function write(batch: Batch): Promise<void> {
    const startedAtMs = performance.now();
    const answers = await writeAll(batch.results);
    const refused = batch.results.filter((result, index) => wasRefused(result, answers[index]));
    const dropped = answers.filter((answer) => answer === "dropped").length;
    const removing = refused.map(removeBytes);
    await batch.done();
    for (const answer of answers) tell(answer);
    const unwritten = refused.length + dropped;
    const written = batch.results.length - unwritten;
    observe({ kind: "results-written", written, refused: unwritten, tookMs: performance.now() - startedAtMs });
    await Promise.all(removing);
  }

  /** What is written must not wait, nor be written again, because there is no object store now: the cleaner finds these. */
  async function removeBytes({ key, change }: Result): Promise<void> {
    if (change.kind !== "succeed") return;
    const removing = objects.remove(`${objectsOf(key)}/${change.attempt}`);
    await removing.catch((cause: Error) => observe({ kind: "writer-stumbled", cause }));
  }

  function tell(answer: Answer | undefined): void {
    if (answer === undefined || answer === "dropped" || answer.kind === "refused") return;
    const { sequence } = answer.report;
    bulletin?.tell(answer.report, { kind: "changed", sequence }).catch(() => undefined);
  }

  async function writeAll(batch: readonly Result[]): Promise<readonly (Answer | undefined)[]> {
    try {
      return await reports.changeAll(batch, clock.now());
    } catch (cause) {
      if (batch.length === 1 || cause instanceof StoreUnavailable) throw cause;
      return writeEach(batch);
    }
  }

  /** One that the store cannot take must not keep the others out; where it takes none, the store is what is broken. */
  async function writeEach(batch: readonly Result[]): Promise<readonly (Answer | undefined)[]> {
    const tried = await Promise.allSettled(batch.map(({ key, change }) => reports.change(key, change, clock.now())));
    const failed = tried.filter((one) => one.status === "rejected");
    const away = failed.find(({ reason }) => reason instanceof StoreUnavailable);
    if (away ?? failed.length === batch.length) throw (away ?? failed[0])?.reason;
    return tried.map((one, index) => {
      if (one.status === "fulfilled") return one.value;
      const { key, change } = batch[index] as Result;
      observe({ kind: "result-dropped", report: key.id, attempt: change.attempt, cause: one.reason as Error });
      return "dropped";
    });
  }

  function wasRefused(result: Result, answer: Answer | undefined): boolean {
    const { key, change } = result;
    if (answer === "dropped") return false;
    if (answer?.kind === "changed" || (answer && isWritten(change, answer.report))) return false;
    observe({ kind: "result-refused", report: key.id, attempt: change.attempt, why: answer?.why ?? "unknown" });
    return true;
  }

  const work = run();
  const drain = () => {
    stopping.abort();
    return work;
  };
  return { drain, [Symbol.asyncDispose]: drain };
}

/** `dropped`: the store takes it neither alone nor with others. */
type Answer = Changed | "dropped";
