import { createBell } from "../lib/bell.ts";
import type { Notice } from "../ports/bulletin.ts";
import type { Clock } from "../ports/clock.ts";
import type { ReportEvent } from "../ports/report-store.ts";

// An error made for each room would cost a stack trace that nobody reads.
const nobodyIsHere = new DOMException("nobody follows the report here any more", "AbortError");
const mayHaveMissed = new DOMException("something may have been missed", "AbortError");

// A report has a few dozen events; who is further behind than this reads the rest from the store by itself.
const mostEvents = 256;

/** Where those meet who follow one report at this server. */
export type Room = {
  /**
   * The events after a sequence that are known so far, the newest alone for 0; `unknown` where some of them may be
   * missing here.
   */
  after(sequence: number): readonly ReportEvent[] | "unknown";
  /** The last progress of the attempt that runs, where a bulletin tells of it. */
  progress(): ReportEvent | undefined;
  /** Whether nothing more comes: the report has ended, or following it failed. */
  isOver(): boolean;
  /** Throws what following failed with, if it did. */
  throwFailure(): void;
  /** Returns when there is news, or with the signal. */
  changed(signal: AbortSignal): Promise<void>;
  hear(notice: Notice): void;
  /** Held by each that follows; when the last one leaves, following ends. */
  takePlace(): Disposable;
  onEmpty(act: () => void): void;
};

export type RoomParts = {
  readonly clock: Clock;
  /** From the present state on, for 0. */
  readonly follow: (afterSequence: number, signal: AbortSignal) => AsyncIterable<ReportEvent>;
};

/** Follows from the present state on until everybody has left. */
export function openRoom({ clock, follow }: RoomParts): Room {
  const events: ReportEvent[] = [];
  const bell = createBell();
  const leaving = new AbortController();
  const emptied: (() => void)[] = [];
  let lookAgain = new AbortController();
  /** Everything after this is here, or still to come; undefined until the present state has come. */
  let from: number | undefined;
  let progress: ReportEvent | undefined;
  let places = 0;
  let over = false;
  let failure: { readonly cause: unknown } | undefined;

  function add(event: ReportEvent): void {
    from ??= event.sequence - 1;
    events.push(event);
    if (events.length > mostEvents) from = events.shift()?.sequence ?? from;
    bell.ring();
  }

  const lastSequence = () => events.at(-1)?.sequence ?? 0;

  async function run(): Promise<void> {
    try {
      while (!leaving.signal.aborted) {
        lookAgain = new AbortController();
        const either = AbortSignal.any([leaving.signal, lookAgain.signal]);
        for await (const event of follow(lastSequence(), either)) add(event);
        if (!lookAgain.signal.aborted) break;
      }
    } catch (cause) {
      failure = { cause };
    }
    over = true;
    bell.ring();
  }

  run();
  return {
    after(sequence) {
      if (sequence === 0) return events.slice(-1);
      if (from !== undefined && sequence < from) return "unknown";
      return events.filter((event) => event.sequence > sequence);
    },
    progress: () => progress,
    isOver: () => over,
    throwFailure() {
      if (failure) throw failure.cause;
    },
    async changed(signal) {
      if (!over) await bell.rung(signal);
    },
    hear(notice) {
      const last = events.at(-1);
      if (notice.kind === "missed" || (notice.kind === "changed" && notice.sequence > lastSequence())) {
        // Following begins with a look at the store.
        lookAgain.abort(mayHaveMissed);
      } else if (notice.kind === "progress" && last?.report.status.kind === "running") {
        const { report, sequence } = last;
        if (last.report.status.attempt !== notice.attempt) return;
        const status = { ...last.report.status, progress: notice.progress };
        progress = { sequence, timeMs: clock.now(), report: { ...report, status } };
        bell.ring();
      }
    },
    takePlace() {
      places += 1;
      return {
        [Symbol.dispose]() {
          places -= 1;
          if (places > 0) return;
          leaving.abort(nobodyIsHere);
          for (const act of emptied) act();
        },
      };
    },
    onEmpty: (act) => void emptied.push(act),
  };
}
