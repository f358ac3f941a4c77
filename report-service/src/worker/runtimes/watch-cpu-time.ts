import type { CpuTime } from "../../lib/main-thread.ts";

/** A look now and then at what a job's code has of a CPU, from when the job takes its process; until disposed. */
export type CpuWatch = {
  /** The process is ready, and the code begins. */
  begin(): void;
} & Disposable;

// Most jobs are over before, and of those nobody has to hear.
const lookEveryMs = 500;
const worthTellingMs = 50;

/**
 * `onWaited` is told how long code has waited for a CPU since it began, whenever that has become more; `onStarved` once, when
 * its process gets too little.
 */
export function watchCpuTime(
  read: () => CpuTime | undefined,
  onWaited: (ms: number) => void,
  onStarved: () => void,
): CpuWatch {
  const taken = read();
  let begun: CpuTime | undefined;
  let toldMs = 0;
  let starved = false;
  const timer = setInterval(() => {
    const now = read();
    if (!now || !taken) return;
    const waitedMs = begun ? now.waitedMs - begun.waitedMs : 0;
    if (waitedMs >= toldMs + worthTellingMs) {
      toldMs = waitedMs;
      onWaited(waitedMs);
    }
    if (starved || !getsTooLittle(taken, now)) return;
    starved = true;
    onStarved();
  }, lookEveryMs);
  return {
    begin() {
      begun = read();
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

// Beginning again loses what the code has run so far: half of what it has waited by then, at most.
const graceMs = 1_000;
const waitedForEachRun = 2;

/** Less than a third of a CPU between two looks at a thread that could have run all the time, which it no longer waits for. */
export function getsTooLittle(first: CpuTime, last: CpuTime): boolean {
  return last.waitedMs - first.waitedMs > graceMs + waitedForEachRun * (last.ranMs - first.ranMs);
}
