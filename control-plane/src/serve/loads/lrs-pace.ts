import { longestIntervalMs } from "./loads.ts";

/**
 * What all load reports together may weigh in a second. An Envoy's report has 60 KB, most of it its node, which it repeats
 * each time (1.40): a thousand of them every two seconds would be 30 MB a second.
 */
export const bytesPerSecond = 8 * 1024 ** 2;

/**
 * How often clients are to report: as often as wanted while that is not too much, else a multiple of it. It is halved again
 * only when there is clearly room, so that it does not go up and down with every report.
 */
export function nextIntervalMs(currentMs: number, wantedMs: number, bytesPerRound: number): number {
  const load = (intervalMs: number) => bytesPerRound / (intervalMs / 1000) / bytesPerSecond;
  let intervalMs = Math.max(currentMs, wantedMs);
  while (load(intervalMs) > 1 && intervalMs * 2 <= longestIntervalMs) intervalMs *= 2;
  while (intervalMs > wantedMs && load(intervalMs / 2) < 0.7) intervalMs = Math.max(intervalMs / 2, wantedMs);
  return intervalMs;
}

/** One stream's part in the pace. Disposing of it leaves room to the others. */
export type Pacer = Disposable & {
  /** To be called with each report. False: it reports far too often. */
  reported(bytes: number): boolean;
};

/** How often all streams together are to report. */
export type Pace = { intervalMs(): number; join(): Pacer };

/** Clients may be early, and send one more when they are told another interval; not a stream of them. */
const burst = 10;

export function createPace({
  wantedMs,
  now,
  onChange,
}: {
  readonly wantedMs: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly onChange: (change: { readonly intervalMs: number; readonly reporters: number }) => void;
}): Pace {
  let [intervalMs, bytesPerRound, reporters] = [wantedMs, 0, 0];

  function weigh(more: number): void {
    bytesPerRound += more;
    const next = nextIntervalMs(intervalMs, wantedMs, bytesPerRound);
    if (next === intervalMs) return;
    intervalMs = next;
    onChange({ intervalMs, reporters });
  }

  return {
    intervalMs: () => intervalMs,
    join() {
      let [last, left, at] = [0, burst, now()];
      reporters += 1;
      return {
        reported(bytes) {
          left = Math.min(burst, left + (2 * (now() - at)) / intervalMs) - 1;
          at = now();
          weigh(bytes - last);
          last = bytes;
          return left >= 0;
        },
        [Symbol.dispose]() {
          reporters -= 1;
          weigh(-last);
        },
      };
    },
  };
}
