import { backoffMs } from "../../lib/backoff.ts";
import { pause } from "../../lib/wait.ts";
import type { ConsulFeed, Sighting } from "../feed.ts";
import { type Allowance, afterAnswer, afterFailure, beginning, takeTurn } from "./blocking-query.ts";
import type { ConsulLimits } from "./consul-limits.ts";
import type { ReadHealth, Reading } from "./read-health.ts";

/** Watches one service by a blocking query of its own. A failure is yielded and asked again with back-off; it never ends. */
export async function* ownWatch(
  feed: ConsulFeed,
  {
    read,
    explain,
    limits,
    monotonicMs,
    random,
  }: {
    readonly read: ReadHealth;
    readonly explain: (feed: ConsulFeed, cause: unknown) => Error;
    readonly limits: ConsulLimits;
    readonly monotonicMs: () => number;
    readonly random: () => number;
  },
  signal: AbortSignal,
): AsyncGenerator<Sighting> {
  // Spread, so that the leader is not asked for all at once.
  const nextConsistent = () => monotonicMs() + limits.consistentMs * (0.75 + random() / 2);
  let consistentAtMs = nextConsistent();
  let place = beginning;
  let reading: Reading | undefined;
  let allowance: Allowance | undefined;
  for (let failures = 0; !signal.aborted; ) {
    const turn = takeTurn(allowance, monotonicMs(), limits.rate);
    allowance = turn.allowance;
    // Up to half as long again, so that watches that flap together do not ask together.
    await pause(turn.waitMs * (1 + random() / 2), signal);
    if (signal.aborted) return;
    try {
      const consistent = monotonicMs() >= consistentAtMs;
      reading = await read(feed, reading, { index: consistent ? 0 : place.ask, consistent }, signal);
      if (consistent) consistentAtMs = nextConsistent();
      place = afterAnswer(place, reading.index).place;
      failures = 0;
      yield reading.sighting;
    } catch (cause) {
      if (signal.aborted) return;
      place = afterFailure(place);
      yield { kind: "failed", cause: explain(feed, cause) };
      await pause(backoffMs(failures++, limits.backoff, random), signal);
    }
  }
}
