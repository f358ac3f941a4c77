/** Holds tokens that come back with time. Times are in milliseconds of a clock that never goes back. */
export type Bucket = {
  /** So many are there now; a part of one counts as a part. */
  left(now: number): number;
  /** False: it is empty. */
  take(now: number): boolean;
  giveBack(): void;
  /**
   * When there may be a token for one more who was refused, in milliseconds from now. Each is told a later moment than the
   * one before, as if they stood in a queue: they do not come back all at once.
   */
  turn(now: number): number;
};

const longestWaitMs = 30_000;

export function createBucket(most: number, perMs: number, since: number): Bucket {
  let tokens = most;
  let at = since;
  let promisedUntil = Number.NEGATIVE_INFINITY;

  function left(now: number): number {
    tokens = Math.min(most, tokens + Math.max(0, now - at) * perMs);
    at = now;
    return tokens;
  }

  return {
    left,
    take(now) {
      if (left(now) < 1) return false;
      tokens -= 1;
      return true;
    },
    giveBack() {
      tokens = Math.min(most, tokens + 1);
    },
    turn(now) {
      promisedUntil = Math.min(Math.max(now, promisedUntil) + 1 / perMs, now + longestWaitMs);
      return promisedUntil - now;
    },
  };
}

/** A bucket for each name. Of those that were not asked for longest, the last `most` are forgotten: theirs would be full again. */
export function createBuckets(most: number, create: (now: number) => Bucket): (name: string, now: number) => Bucket {
  const buckets = new Map<string, Bucket>();
  return (name, now) => {
    const bucket = buckets.get(name) ?? create(now);
    // Taken out and put back in: a map's first key is then the one that was not asked for longest.
    buckets.delete(name);
    buckets.set(name, bucket);
    if (buckets.size > most) {
      const [oldest] = buckets.keys();
      if (oldest !== undefined) buckets.delete(oldest);
    }
    return bucket;
  };
}
