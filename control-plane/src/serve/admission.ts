export type AdmissionLimits = {
  /** Streams that may be opened at once, when none were for a while. */
  readonly streamBurst: number;
  /** Streams that may be opened in a second, on and on. 0: no limit. */
  readonly streamsPerSecond: number;
  /** A node that opens more streams than this in a minute is refused first, once half of the burst is gone. 0: no limit. */
  readonly streamsPerNodePerMinute: number;
};

/** Decides who may come in. Undefined: come in; otherwise, in how many milliseconds to try again. */
export type Admission = {
  stream(): number | undefined;
  /** To be asked when an admitted stream says whose it is. Who is refused here takes nothing away from others. */
  node(nodeId: string): number | undefined;
};

const longestWaitMs = 30_000;
const shortestWaitMs = 100;
const minuteMs = 60_000;
const rememberedNodes = 10_000;

/**
 * A token bucket before the work: a storm of clients that come, give up and come again is refused for a fraction of what a
 * first response costs, and the work that was begun gets done. Without it a control plane may stay busy with clients that
 * have long gone (linkerd2 #15583).
 */
export function createAdmission({
  limits: { streamBurst, streamsPerSecond, streamsPerNodePerMinute },
  monotonicMs,
  random = Math.random,
}: {
  readonly limits: AdmissionLimits;
  readonly monotonicMs: () => number;
  /** At least 0, less than 1. */
  readonly random?: () => number;
}): Admission {
  const perMs = streamsPerSecond / 1_000;
  const all = createBucket(streamBurst, perMs, monotonicMs());
  const nodes = new Map<string, Bucket>();
  // When the last of those who were refused was told to come again.
  let promisedUntil = Number.NEGATIVE_INFINITY;

  /** Each who is refused is told a later moment, as if they stood in a queue: they do not come back all at once. */
  function nextTurn(now: number): number {
    promisedUntil = Math.min(Math.max(now, promisedUntil) + 1 / perMs, now + longestWaitMs);
    return jittered(promisedUntil - now);
  }

  function jittered(ms: number): number {
    const wait = Math.min(Math.max(ms, shortestWaitMs), longestWaitMs);
    return Math.round(wait * (0.75 + random() / 2));
  }

  function bucketOf(nodeId: string, now: number): Bucket {
    const known = nodes.get(nodeId);
    // Taken out and put back in, so that those that were not seen for longest are first.
    nodes.delete(nodeId);
    if (known === undefined && nodes.size >= rememberedNodes) {
      const [oldest] = nodes.keys();
      if (oldest !== undefined) nodes.delete(oldest);
    }
    const bucket = known ?? createBucket(streamsPerNodePerMinute, streamsPerNodePerMinute / minuteMs, now);
    nodes.set(nodeId, bucket);
    return bucket;
  }

  return {
    stream() {
      if (streamsPerSecond === 0) return undefined;
      const now = monotonicMs();
      return all.take(now) ? undefined : nextTurn(now);
    },
    node(nodeId) {
      if (streamsPerSecond === 0 || streamsPerNodePerMinute === 0) return undefined;
      const now = monotonicMs();
      if (bucketOf(nodeId, now).take(now) || all.left(now) >= streamBurst / 2) return undefined;
      all.giveBack();
      return jittered(minuteMs / streamsPerNodePerMinute);
    },
  };
}

type Bucket = {
  /** False: it is empty. */
  take(now: number): boolean;
  giveBack(): void;
  left(now: number): number;
};

function createBucket(most: number, perMs: number, since: number): Bucket {
  let tokens = most;
  let at = since;
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
  };
}
