/** Work that can stop at each `yield` and go on later. */
export type Steps<T> = Generator<void, T>;

const sliceMs = 5;

/** Does the work in slices of some milliseconds, with turns for all else in between. */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  let until = performance.now() + sliceMs;
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value;
    if (performance.now() < until) continue;
    await new Promise((resolve) => setImmediate(resolve));
    until = performance.now() + sliceMs;
  }
}

/** Does all of the work at once. */
export function atOnce<T>(steps: Steps<T>): T {
  for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value;
}
