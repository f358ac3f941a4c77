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
 * `onWaited` is told how long code has waited for a CPU since it began, whenever that has become more; `onLook` at each look
 * what its process has had since the job took it. Nobody hears anything where the system does not say.
 */
export function watchCpuTime(
  read: () => CpuTime | undefined,
  onWaited: (ms: number) => void,
  onLook: (since: CpuTime) => void,
): CpuWatch {
  const taken = read();
  let begun: CpuTime | undefined;
  let toldMs = 0;
  const timer = setInterval(() => {
    const now = read();
    if (!now || !taken) return;
    const waitedMs = begun ? now.waitedMs - begun.waitedMs : 0;
    if (waitedMs >= toldMs + worthTellingMs) {
      toldMs = waitedMs;
      onWaited(waitedMs);
    }
    onLook({ ranMs: now.ranMs - taken.ranMs, waitedMs: now.waitedMs - taken.waitedMs });
  }, lookEveryMs);
  return {
    begin() {
      begun = read();
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
