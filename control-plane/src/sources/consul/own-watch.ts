import { backoffMs } from "../../lib/backoff.ts";
import { pause } from "../../lib/wait.ts";
import type { ConsulFeed, Sighting } from "../feed.ts";
import { afterAnswer, afterFailure, beginning, createTurns } from "./blocking-query.ts";
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
  const nextTurn = createTurns({ rate: limits.rate, monotonicMs, random });
  for (let failures = 0; !signal.aborted; ) {
    await nextTurn(signal);
    if (signal.aborted) return;
    try {
      const consistent = monotonicMs() >= consistentAtMs;
      reading = await read(
        feed,
        reading,
        consistent ? { index: 0, by: "confirmed-leader" } : { index: place.ask, by: "any" },
        signal,
      );
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
