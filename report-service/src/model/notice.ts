/** How a report ended, as its receiver is told. */
export type EndState = "succeeded" | "failed" | "cancelled";

/**
 * That a report has ended, until its receiver knows. It says what was so at the time, whatever becomes of the report
 * meanwhile.
 */
export type Notice = {
  readonly state: EndState;
  /** Of the report when it ended: with its name, what a receiver tells a repeated notice by. */
  readonly sequence: number;
  readonly endedAtMs: number;
  /** Those that have begun. */
  readonly tries: number;
  /** When the next try is due; a try that is under way and ends well makes it needless. */
  readonly dueMs: number;
};

// 5 s, 15 s, 45 s … 3 h, then every six hours.
const firstWaitMs = 5_000;
const growth = 3;
const longestWaitMs = 6 * 3_600_000;
const jitter = 0.2;
const noticeLifeMs = 24 * 3_600_000;

/**
 * When to try again after a try that begins at `nowMs`, or undefined where that would be more than a day after the end.
 * `random` is 0 to 1: notices that failed together do not come back together.
 */
export function nextTryMs({ tries, endedAtMs }: Notice, nowMs: number, random: number): number | undefined {
  const waitMs = Math.min(longestWaitMs, firstWaitMs * growth ** tries);
  const nextMs = Math.round(nowMs + waitMs * (1 + jitter * (2 * random - 1)));
  return nextMs - endedAtMs > noticeLifeMs ? undefined : nextMs;
}
