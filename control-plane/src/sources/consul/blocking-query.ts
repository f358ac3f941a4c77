import { pause } from "../../lib/wait.ts";

/** Where a loop of blocking queries stands. */
export type Place = {
  /** The index to ask with; 0 is answered at once. */
  readonly ask: number;
  /** The last one answered; 0 before the first answer. */
  readonly last: number;
};

export const beginning: Place = { ask: 0, last: 0 };

/**
 * The documented rules (developer.hashicorp.com/consul/api-docs/features/blocking): an index below 1 is a bug of Consul that
 * would turn the loop into a busy one, so 1 is asked with; one that goes backwards means that Consul's data was restored or
 * lost, and waiting on the old one might never return, so it starts again at 0. That a query returns does not mean that
 * something changed: contents are compared elsewhere.
 */
export function afterAnswer(
  { last }: Place,
  answered: number,
): { readonly place: Place; readonly rewound: { readonly from: number; readonly to: number } | undefined } {
  if (answered < last) return { place: { ask: 0, last: answered }, rewound: { from: last, to: answered } };
  return { place: { ask: Math.max(1, answered), last: answered }, rewound: undefined };
}

/** After a failure the next answer is wanted at once, not when something changes: that is what ends the staleness. */
export function afterFailure({ last }: Place): Place {
  return { ask: 0, last };
}

/** How often a loop may ask: `burst` times at once, and once more every `everyMs`. */
export type Rate = { readonly burst: number; readonly everyMs: number };
export type Allowance = { readonly tokens: number; readonly atMs: number };

/**
 * A token bucket, as Consul's documentation recommends: a few changes in a row are seen without delay, a flapping check or a
 * query that does not block costs at most one query every `everyMs`. `nowMs` is monotonic.
 */
export function takeTurn(
  before: Allowance | undefined,
  nowMs: number,
  { burst, everyMs }: Rate,
): { readonly allowance: Allowance; readonly waitMs: number } {
  const earned = before ? before.tokens + (nowMs - before.atMs) / everyMs : burst;
  const tokens = Math.min(burst, earned) - 1;
  return { allowance: { tokens, atMs: nowMs }, waitMs: tokens >= 0 ? 0 : -tokens * everyMs };
}

/** Waits for the next turn of a loop, up to half as long again as it must, so that loops that flap together do not ask together. */
export function createTurns({
  rate,
  monotonicMs,
  random,
}: {
  readonly rate: Rate;
  readonly monotonicMs: () => number;
  readonly random: () => number;
}): (signal: AbortSignal) => Promise<void> {
  let allowance: Allowance | undefined;
  return (signal) => {
    const turn = takeTurn(allowance, monotonicMs(), rate);
    allowance = turn.allowance;
    return pause(turn.waitMs * (1 + random() / 2), signal);
  };
}
