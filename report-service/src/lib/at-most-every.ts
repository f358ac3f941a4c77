/** Calls `act` once in so long at most, for the first time after so long; what comes in between is left out. */
export function atMostEvery<T>(everyMs: number, act: (item: T) => void): (item: T) => void {
  let nextAtMs = performance.now() + everyMs;
  return (item) => {
    const nowMs = performance.now();
    if (nowMs < nextAtMs) return;
    nextAtMs = nowMs + everyMs;
    act(item);
  };
}
