import type { Latest } from "../lib/latest.ts";
import { aborted } from "../lib/wait.ts";
import { positionAt, type Shift } from "../model/shift.ts";
import type { Split } from "../model/split.ts";
import type { Book } from "../model/world.ts";
import type { PolicyStore } from "../policy/policy-store.ts";
import { endShift, failShift, finishShift, type SplitJson, standText } from "./edit-shift.ts";
import { errorRateFailure, type GuardLoad, inARow, lastInterval, nextInterval, valueFailure } from "./judge.ts";

export type ShiftNote =
  /** It could not be written that a shift has ended or failed; it is tried again. */
  | { readonly kind: "shift-unsaved"; readonly shift: string; readonly cause: Error }
  /** A metric of its guard is not answered: it is neither good nor bad. */
  | { readonly kind: "shift-blind"; readonly shift: string; readonly metric: string; readonly cause: Error };

/** The largest value that a query gives; undefined of nothing. Rejects when nobody answers. */
export type AskMetric = (query: string, signal: AbortSignal) => Promise<number | undefined>;

const author = "weir";
const longestTimerMs = 2 ** 31 - 1;
// After an answer of the store that was none, or a replica that was quicker: its change comes by itself, an outage does not.
const againMs = 1_000;

/**
 * Looks after the shifts that run: judges their guards at the end of each interval, and writes down what has ended. Every replica
 * does; each change is a compare-and-set of the split that it is about, so the first wins and the others find it done.
 */
export function runShifts(
  {
    policies,
    books,
    loads,
    ask,
    now,
    observe,
  }: {
    readonly policies: Pick<PolicyStore, "get" | "change">;
    readonly books: Latest<Book>;
    readonly loads: (service: string) => readonly GuardLoad[];
    /** Undefined: there is no Prometheus. */
    readonly ask: AskMetric | undefined;
    readonly now: () => Date;
    readonly observe: (note: ShiftNote) => void;
  },
  signal: AbortSignal,
): void {
  /** The last interval of each shift that was looked at here. */
  const judged = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  let again = false;

  async function look(): Promise<void> {
    again = looking;
    if (looking) return;
    looking = true;
    let failed = false;
    do {
      again = false;
      for (const split of books.current()?.splits.values() ?? []) {
        const { shift } = split;
        if (shift === undefined || shift.ended || signal.aborted) continue;
        try {
          await tend(split, shift);
        } catch (cause) {
          failed = true;
          observe({ kind: "shift-unsaved", shift: shift.name, cause: cause as Error });
        }
      }
    } while (again && !signal.aborted);
    looking = false;
    sleep(failed);
  }

  function sleep(failed: boolean): void {
    clearTimeout(timer);
    if (signal.aborted) return;
    const at = now();
    const running = [...(books.current()?.splits.values() ?? [])].flatMap(({ shift }) =>
      shift && !shift.ended ? [shift] : [],
    );
    for (const name of judged.keys()) if (!running.some((each) => each.name === name)) judged.delete(name);
    const times = running.flatMap((shift) => [
      positionAt(shift, at).until ?? [],
      (shift.paused === undefined && nextInterval(shift, at)) || [],
    ]);
    const inMs = times.flat().map((time) => time.getTime() - at.getTime());
    const next = Math.min(...inMs, failed ? againMs : Number.POSITIVE_INFINITY);
    // Referred to by nothing else: it does not keep a process alive.
    if (Number.isFinite(next)) timer = setTimeout(look, Math.min(longestTimerMs, Math.max(0, next) + 1)).unref();
  }

  async function tend(split: Split, shift: Shift): Promise<void> {
    if (shift.paused !== undefined) return;
    if (await judge(split, shift)) return;
    if (positionAt(shift, now()).step < shift.steps.length) return;
    await write(split, shift, (document) => {
      const reason = `${shift.name} is through all its steps`;
      return { document: finishShift(document, shift, now(), { by: author, reason }), reason };
    });
  }

  /** True when it changed something. */
  async function judge(split: Split, shift: Shift): Promise<boolean> {
    const { guard } = shift;
    const interval = lastInterval(shift, now());
    if (guard === undefined || interval === undefined || (judged.get(shift.name) ?? -1) >= interval) return false;
    judged.set(shift.name, interval);
    if (shift.failures.some((each) => each.interval === interval)) return false;
    const says = await failureOf(split, shift);
    if (says === undefined) return false;
    const time = now();
    const failures = [...shift.failures, { interval, time, says }];
    const count = inARow(failures, interval);
    const failuresJson = failures.slice(-20).map((each) => ({ ...each, time: each.time.toISOString() }));
    const about = `${shift.name} at ${standText(shift, time)}: ${says}`;
    const isWritten = await write(split, shift, (document) => {
      if (count < guard.failureLimit) {
        const reason = `${about} (${count} of ${guard.failureLimit} in a row)`;
        return { document: failShift(document, failuresJson), reason };
      }
      const done = shift.onFailure === "rollback" ? "rolled back" : "paused";
      const reason = `${done}: ${about} (${count} in a row)`.slice(0, 1000);
      if (shift.onFailure === "rollback")
        return { document: endShift(document, "rolledBack", time, { by: author, reason }, failuresJson), reason };
      return { document: failShift(document, failuresJson, { time: time.toISOString(), by: author, reason }), reason };
    }).catch((cause) => {
      judged.delete(shift.name);
      throw cause;
    });
    // Somebody changed the split meanwhile: what is in force now is judged anew when it arrives.
    if (!isWritten) judged.delete(shift.name);
    return isWritten;
  }

  async function failureOf({ rules, service }: Split, shift: Shift): Promise<string | undefined> {
    const found = await Promise.all(
      (shift.guard?.metrics ?? []).map(async (metric) => {
        if (metric.kind === "error-rate") return errorRateFailure(shift, rules, loads(service), metric);
        const value = await answerOf(shift, metric);
        return value === undefined ? undefined : valueFailure(shift, metric, value);
      }),
    );
    const said = found.filter((each) => each !== undefined);
    return said.length > 0 ? said.join("; ") : undefined;
  }

  async function answerOf(shift: Shift, { name, query }: { readonly name: string; readonly query: string }) {
    try {
      if (ask === undefined) throw new Error("no Prometheus is configured: serve --shift-prometheus URL");
      return await ask(query, signal);
    } catch (cause) {
      observe({ kind: "shift-blind", shift: shift.name, metric: name, cause: cause as Error });
      return undefined;
    }
  }

  async function write(
    { name }: Split,
    shift: Shift,
    edit: (document: SplitJson) => { readonly document: SplitJson; readonly reason: string },
  ): Promise<boolean> {
    const stored = policies.get("TrafficSplit", name);
    const before = stored?.document as SplitJson | undefined;
    if (stored === undefined || before?.spec.shift?.name !== shift.name || before.spec.shift["ended"]) return false;
    const { document, reason } = edit(before);
    const outcome = await policies.change({
      operations: [{ kind: "put", document, expects: { etag: stored.etag } }],
      ...{ by: author, reason: reason.slice(0, 1000), through: "api", validateOnly: false },
    });
    // Outdated: somebody was quicker, and what is in force now is looked at when it arrives.
    if (outcome.kind === "refused")
      throw new Error(outcome.problems.map(({ at, says }) => `${at}: ${says}`).join("; "));
    return outcome.kind === "done";
  }

  async function lookOn(changes: AsyncIterable<unknown>): Promise<void> {
    for await (const _ of changes) void look();
  }
  void lookOn(books.changes(signal));
  void aborted(signal).then(() => clearTimeout(timer));
}
