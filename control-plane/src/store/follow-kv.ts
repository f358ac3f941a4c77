import { backoffMs } from "../lib/backoff.ts";
import { pause } from "../lib/wait.ts";
import type { Kv, KvReading } from "./kv.ts";

export type KvSighting =
  | { readonly kind: "seen"; readonly reading: KvReading }
  | { readonly kind: "failed"; readonly cause: Error };

// A hanging server is noticed after this and the time limit of an answer; a replica then asks six times a minute.
const waitMs = 10_000;
// A write and its echo are one return; thousands of writes a second are not to be read one by one.
const leastMs = 20;

/**
 * What stands at a key or below a prefix: at once, whenever it changes, and again when a wait ended without a change, so that
 * each sighting says that the store answers. Never ends by itself; what fails is tried again with back-off.
 */
export async function* followKv(
  kv: Pick<Kv, "read">,
  { key, below = false }: { readonly key: string; readonly below?: boolean },
  signal: AbortSignal,
): AsyncGenerator<KvSighting, void> {
  let index = 0;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const reading = await kv.read({ key, below, ...(index > 0 && { wait: { index, waitMs } }) }, signal);
      failures = 0;
      // Consul's rule: an index that went backwards (data restored or lost) is not waited on; 0 would not block.
      index = reading.index < index ? 0 : Math.max(1, reading.index);
      yield { kind: "seen", reading };
      await pause(leastMs, signal);
    } catch (thrown) {
      if (signal.aborted) return;
      index = 0;
      yield { kind: "failed", cause: thrown instanceof Error ? thrown : new Error(String(thrown)) };
      await pause(backoffMs(failures++, { baseMs: 200, maxMs: 2_000 }), signal);
    }
  }
}
