const runMs = 1;
// Where nobody takes the core that it leaves, it runs for longer: a tenth longer each time, up to a tick of most kernels.
const longestRunMs = 4;
// The kernel adds the slack of its timers, 50 us.
const pauseMs = 0.01;
// As long as nobody has taken the core, it is back by then.
const emptyPauseMs = 0.15;

/**
 * What idle code calls again and again while it runs; every `callsPerLook` times it looks at the clock, which costs more than
 * the rest, and leaves its core for a moment once it has run for a millisecond. A core that has nothing to do takes what waits
 * for another one at once; while it runs idle code, only with the kernel's next tick: docs/decisions/0033-code-on-idle-time.md.
 */
export function createPauses(callsPerLook = 1): () => void {
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  const now = performance.now.bind(performance);
  let calls = 0;
  let sinceMs = 0;
  let forMs = runMs;
  return () => {
    calls = (calls + 1) % callsPerLook;
    if (calls !== 0) return;
    const beganMs = now();
    if (beganMs - sinceMs < forMs) return;
    Atomics.wait(nobody, 0, 0, pauseMs);
    sinceMs = now();
    forMs = sinceMs - beganMs > emptyPauseMs ? runMs : Math.min(longestRunMs, forMs * 1.1);
  };
}
