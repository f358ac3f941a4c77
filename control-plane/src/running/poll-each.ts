import { pause } from "../lib/wait.ts";

export type PollSettings = {
  /** From one question to the next of the same. */
  readonly intervalMs: number;
  /** How many are asked at the same time. */
  readonly concurrency: number;
  readonly monotonicMs: () => number;
  /** 0 to 1. */
  readonly random: () => number;
};

// Whoever does not answer is asked less and less often, down to this.
const mostIntervals = 8;

/**
 * Asks each of those that there are at the moment, again and again, until the signal aborts: spread over the interval rather
 * than all at once, and a slow one takes one of the places and delays nobody else's turn. `ask` says whether there was an
 * answer, and must not reject.
 */
export async function pollEach<T>(
  { all, ask }: { all(): ReadonlyMap<string, T>; ask(each: T, signal: AbortSignal): Promise<boolean> },
  { intervalMs, concurrency, monotonicMs, random }: PollSettings,
  signal: AbortSignal,
): Promise<void> {
  const dueMs = new Map<string, { at: number; failures: number }>();
  const asking = new Set<string>();

  async function one(key: string, each: T, turn: { at: number; failures: number }): Promise<void> {
    asking.add(key);
    const answered = await ask(each, signal);
    asking.delete(key);
    turn.failures = answered ? 0 : turn.failures + 1;
    const intervals = Math.min(mostIntervals, 2 ** Math.max(0, turn.failures - 1));
    turn.at = monotonicMs() + intervalMs * intervals * (0.9 + 0.2 * random());
    if (!signal.aborted) next();
  }

  let now: ReadonlyMap<string, T> = new Map();
  let queue: string[] = [];
  function next(): void {
    while (asking.size < concurrency) {
      const key = queue.shift();
      if (key === undefined) return;
      const [each, turn] = [now.get(key), dueMs.get(key)];
      if (each !== undefined && turn && !asking.has(key)) void one(key, each, turn);
    }
  }

  while (!signal.aborted) {
    now = all();
    for (const key of dueMs.keys()) if (!now.has(key)) dueMs.delete(key);
    for (const key of now.keys())
      if (!dueMs.has(key)) dueMs.set(key, { at: monotonicMs() + (random() * intervalMs) / 2, failures: 0 });
    const at = monotonicMs();
    const due = [...dueMs].filter(([key, turn]) => turn.at <= at && !asking.has(key));
    queue = due.sort(([, a], [, b]) => a.at - b.at).map(([key]) => key);
    next();
    await pause(Math.min(500, intervalMs / 4), signal);
  }
}
