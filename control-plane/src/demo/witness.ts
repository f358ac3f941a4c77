import { pause } from "../lib/wait.ts";
import type { Crowd } from "./crowd.ts";
import { type Outcome, slotMs } from "./ledger.ts";
import type { Failure } from "./load/load-report.ts";
import type { Verdict } from "./verdict.ts";

/** Judges the requests of a stretch of time, of every client. */
export type Witness = {
  /** Judges all requests begun from `from` on until each client has `count` of them, when all of those have ended. */
  judge(from: number, count: number, verdict: (client: string, outcome: Outcome) => Verdict): Promise<string>;
  /** Judges the requests begun in each coming stretch of `lengthMs` until one passes for all clients, at most `withinMs`. */
  await(lengthMs: number, withinMs: number, verdict: (client: string, outcome: Outcome) => Verdict): Promise<string>;
  /** Waits until all requests begun before `time` have ended and are known. */
  known(time: number): Promise<void>;
  /** Waits for a condition; false when it does not come within `ms`. */
  until(condition: () => boolean, ms: number): Promise<boolean>;
};

/** The deadline of the load's requests, and what the next report takes. */
const endedAfterMs = 3_500;

export function createWitness(crowd: Crowd, failures: () => readonly Failure[], signal: AbortSignal): Witness {
  const names = crowd.clients.map(({ name }) => name);

  const until = async (condition: () => boolean, ms = Number.POSITIVE_INFINITY) => {
    for (const end = Date.now() + ms; !condition(); await pause(50, signal)) {
      signal.throwIfAborted();
      if (Date.now() > end) return false;
    }
    return true;
  };
  const verdicts = (from: number, to: number, verdict: (client: string, outcome: Outcome) => Verdict) =>
    names.map((name): Verdict => {
      const outcome = crowd.ledger.outcome(name, { from, to });
      return outcome ? verdict(name, outcome) : { ok: false, says: `${name}: sent nothing` };
    });
  const text = (all: readonly Verdict[]) => all.map(({ says }) => says).join("; ");

  return {
    async judge(from, count, verdict) {
      const countOf = (name: string) => {
        const outcome = crowd.ledger.outcome(name, { from, to: Number.POSITIVE_INFINITY });
        return outcome ? outcome.ok + outcome.errors : 0;
      };
      await until(() => names.every((name) => countOf(name) >= count));
      const to = crowd.ledger.newest() + slotMs;
      await until(() => crowd.ledger.newest() >= to + endedAfterMs);
      const all = verdicts(from, to, verdict);
      if (all.every(({ ok }) => ok)) return text(all);
      const [first] = failures().filter(({ at }) => at >= from && at < to);
      const example = first && `; the first failure: ${first.client} ${first.method} ${first.status} ${first.details}`;
      throw new Error(`${text(all)}${example ?? ""}`);
    },
    async await(lengthMs, withinMs, verdict) {
      const end = Date.now() + withinMs;
      let from = Date.now();
      let seen = "";
      for (;;) {
        await until(() => crowd.ledger.newest() >= from + lengthMs + 1_000);
        const all = verdicts(from, from + lengthMs, verdict);
        seen = text(all);
        if (all.every(({ ok }) => ok)) return seen;
        if (Date.now() > end) throw new Error(`not within ${withinMs / 1000} s, but at last: ${seen}`);
        from += 500;
      }
    },
    async known(time) {
      await until(() => crowd.ledger.newest() >= time + endedAfterMs);
    },
    until,
  };
}
