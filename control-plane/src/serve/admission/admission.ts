import { createBucket, createBuckets } from "./admission-bucket.ts";

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
  stream(address: string): number | undefined;
  /** Would a stream of this address be admitted now? Takes nothing: for what comes before a stream, e.g. a TLS handshake. */
  admits(address: string): boolean;
  /** To be asked when an admitted stream says whose it is. Who is refused here takes nothing away from others. */
  node(nodeId: string, address: string): number | undefined;
};

const minuteMs = 60_000;
const shortestWaitMs = 100;
const longestWaitMs = 30_000;
const remembered = 10_000;

/**
 * A token bucket before the work: a storm of clients that come, give up and come again is refused for a fraction of what a
 * first response costs, and the work that was begun gets done. Without it a control plane may stay busy with clients that
 * have long gone (linkerd2 #15583).
 *
 * Once half of the burst is gone an address gets at most half of the rate, and a node that comes again and again nothing:
 * whoever makes the storm does not keep the others out.
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
  const enough = streamBurst / 2;
  const all = createBucket(streamBurst, perMs, monotonicMs());
  const addresses = createBuckets(remembered, (now) => createBucket(enough, perMs / 2, now));
  const nodes = createBuckets(remembered, (now) =>
    createBucket(streamsPerNodePerMinute, streamsPerNodePerMinute / minuteMs, now),
  );

  function jittered(ms: number): number {
    const wait = Math.min(Math.max(ms, shortestWaitMs), longestWaitMs);
    return Math.round(wait * (0.75 + random() / 2));
  }

  return {
    stream(address) {
      if (streamsPerSecond === 0) return undefined;
      const now = monotonicMs();
      const own = addresses(address, now);
      if (all.left(now) < enough && own.left(now) < 1) return jittered(own.turn(now));
      if (!all.take(now)) return jittered(all.turn(now));
      own.take(now);
      return undefined;
    },
    admits(address) {
      if (streamsPerSecond === 0) return true;
      const now = monotonicMs();
      const left = all.left(now);
      return left >= enough || (left >= 1 && addresses(address, now).left(now) >= 1);
    },
    node(nodeId, address) {
      if (streamsPerSecond === 0 || streamsPerNodePerMinute === 0) return undefined;
      const now = monotonicMs();
      if (nodes(nodeId, now).take(now) || all.left(now) >= enough) return undefined;
      all.giveBack();
      addresses(address, now).giveBack();
      return jittered(minuteMs / streamsPerNodePerMinute);
    },
  };
}
