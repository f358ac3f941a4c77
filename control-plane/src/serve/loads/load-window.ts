/** What became of the requests of some time. A fraction stands for a report that covers more than the time asked about. */
export type Counts = { readonly requests: number; readonly ok: number; readonly error: number };

/** Counts of the last seconds, in buckets of one second; the memory it takes is that of its length. */
export type LoadWindow = {
  /** Spreads counts evenly over `fromMs` to `toMs`; what lies before the oldest bucket is left out. */
  add(counts: Counts, fromMs: number, toMs: number): void;
  /** Sum of `seconds` whole buckets up to but not including the second `end`. */
  sum(end: number, seconds: number): Counts;
  /** Nothing was ever added to these last `seconds` buckets before `end`. */
  isIdle(end: number, seconds: number): boolean;
};

const fields = 3;

/** The second that a time in milliseconds falls into. */
export function secondOf(ms: number): number {
  return Math.floor(ms / 1000);
}

export function createLoadWindow(seconds: number): LoadWindow {
  const counts = new Float32Array(seconds * fields);
  let newest = Number.NEGATIVE_INFINITY;

  const at = (second: number) => (((second % seconds) + seconds) % seconds) * fields;

  /** Empties the buckets that time has reached since, for they still hold what happened a round ago. */
  function reach(second: number): void {
    if (second <= newest) return;
    for (let next = Math.max(newest + 1, second - seconds + 1); next <= second; next += 1)
      counts.fill(0, at(next), at(next) + fields);
    newest = second;
  }

  return {
    add({ requests, ok, error }, fromMs, toMs) {
      // A time without length still belongs to a second.
      const lengthMs = Math.max(toMs - fromMs, 1);
      const last = secondOf(fromMs + lengthMs - 1e-6);
      reach(last);
      for (let second = Math.max(secondOf(fromMs), newest - seconds + 1); second <= last; second += 1) {
        const part = (Math.min(fromMs + lengthMs, (second + 1) * 1000) - Math.max(fromMs, second * 1000)) / lengthMs;
        const index = at(second);
        counts[index] = (counts[index] ?? 0) + requests * part;
        counts[index + 1] = (counts[index + 1] ?? 0) + ok * part;
        counts[index + 2] = (counts[index + 2] ?? 0) + error * part;
      }
    },
    sum(end, wanted) {
      let [requests, ok, error] = [0, 0, 0];
      for (let second = Math.max(end - wanted, newest - seconds + 1); second < end && second <= newest; second += 1) {
        const index = at(second);
        requests += counts[index] ?? 0;
        ok += counts[index + 1] ?? 0;
        error += counts[index + 2] ?? 0;
      }
      return { requests: rounded(requests), ok: rounded(ok), error: rounded(error) };
    },
    isIdle: (end, wanted) => newest < end - wanted,
  };
}

/** Takes away what halves and thirds of a number do not add up to; a thousandth of a request is no request. */
function rounded(count: number): number {
  return Math.round(count * 1000) / 1000;
}
