/** How long the event loop is held by one turn. */
export type LoopHold = {
  /** The longest and the 99th percentile since this was last asked, in milliseconds. */
  take(): { readonly longest: number; readonly p99: number };
};

const tickMs = 2;

/**
 * Watches the loop by the processor time that the thread used between two ticks of a timer, which is no less than the
 * longest turn among them. By the clock (`monitorEventLoopDelay`) an idle server on a machine that others use as well
 * seems held for 200 ms, because it was not given a processor.
 */
export function watchLoop(): LoopHold {
  let spans: number[] = [];
  let last = threadMs();
  setInterval(() => {
    const now = threadMs();
    spans.push(now - last);
    last = now;
  }, tickMs);
  return {
    take() {
      const sorted = spans.toSorted((a, b) => a - b);
      spans = [];
      return { longest: sorted.at(-1) ?? 0, p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0 };
    },
  };
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
