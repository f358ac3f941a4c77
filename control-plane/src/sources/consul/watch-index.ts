import { backoffMs } from "../../lib/backoff.ts";
import { pause } from "../../lib/wait.ts";
import { afterAnswer, afterFailure, beginning, createTurns } from "./blocking-query.ts";
import type { DatacenterClient } from "./consul-datacenter.ts";
import type { ConsulLimits } from "./consul-limits.ts";

export type IndexWatch = {
  readonly datacenter: DatacenterClient;
  readonly path: string;
  /** `moved`: its index is another than before. A rejection counts as a failure of the query. */
  readonly answered: (text: string, moved: boolean) => void | Promise<void>;
  /** `failures`: how often in a row. */
  readonly failed: (cause: Error, failures: number) => void;
  readonly limits: ConsulLimits;
  readonly monotonicMs: () => number;
  readonly random: () => number;
};

/** Follows something of a data center by a loop of blocking queries, until the signal aborts. */
export async function watchIndex(watch: IndexWatch, signal: AbortSignal): Promise<void> {
  const { datacenter, path, answered, failed, limits, monotonicMs, random } = watch;
  let place = beginning;
  const nextTurn = createTurns({ rate: limits.rate, monotonicMs, random });
  for (let failures = 0; !signal.aborted; ) {
    await nextTurn(signal);
    if (signal.aborted) return;
    try {
      const { index, text } = await datacenter.ask(path, { index: place.ask, by: "any" }, signal);
      const moved = index !== place.last;
      await answered(text, moved);
      place = afterAnswer(place, index).place;
      failures = 0;
    } catch (thrown) {
      if (signal.aborted) return;
      place = afterFailure(place);
      failures++;
      failed(thrown instanceof Error ? thrown : new Error(String(thrown)), failures);
      await pause(backoffMs(failures - 1, limits.backoff, random), signal);
    }
  }
}
