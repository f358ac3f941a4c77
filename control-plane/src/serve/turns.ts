/**
 * Runs many small pieces of work without holding the event loop: after each slice others get their turn. A change for
 * 5,000 streams is written in slices, and requests are read in between.
 */
export type Turns = { enqueue(work: () => void): void };

export function createTurns({
  sliceMs = 8,
  clock = () => performance.now(),
  later = (run: () => void): unknown => setImmediate(run),
} = {}): Turns {
  let queue: (() => void)[] = [];
  let next = 0;
  let running = false;

  function run(): void {
    const started = clock();
    while (next < queue.length) {
      queue[next]?.();
      next += 1;
      if (clock() - started >= sliceMs) {
        later(run);
        return;
      }
    }
    queue = [];
    next = 0;
    running = false;
  }

  return {
    enqueue(work) {
      queue.push(work);
      if (running) return;
      running = true;
      later(run);
    },
  };
}
