/** Calls `act` once in so long at most, for the first time after so long; what comes in between is left out. */
export function atMostEvery<T>(everyMs: number, act: (item: T) => void): (item: T) => void {
  let nextAtMs = Date.now() + everyMs;
  return (item) => {
    const nowMs = Date.now();
    if (nowMs < nextAtMs) return;
    nextAtMs = nowMs + everyMs;
    act(item);
  };
}
