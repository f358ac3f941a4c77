import { createRandom } from "../../faults/suite/random.ts";

/** What a client of the service does. `reused` and `created` are both creates; the first asks for what is there. */
export type CallKind = "get" | "watch" | "url" | "reused" | "created" | "list";

/** Parts of a hundred. */
export type Mix = Readonly<Partial<Record<CallKind, number>>>;

/** 75 % reads of finished reports, 20 % creates of which 60 % are answered by an identical report, 5 % lists. */
export const statedMix: Mix = { get: 55, watch: 10, url: 10, reused: 12, created: 8, list: 5 };

/** An endless row of calls in these shares: the same for the same seed. */
export function* callsOf(mix: Mix, seed: number): Generator<CallKind, never> {
  const random = createRandom(seed);
  const kinds = Object.entries(mix) as [CallKind, number][];
  const sum = kinds.reduce((total, [, share]) => total + share, 0);
  for (;;) {
    let at = random.next() * sum;
    const found = kinds.find(([, share]) => {
      at -= share;
      return at < 0;
    });
    yield found?.[0] ?? "get";
  }
}
