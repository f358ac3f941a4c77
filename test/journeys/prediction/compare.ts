import { shareInterval } from "../../../control-plane/src/demo/share-interval.ts";
import { type Counts, nowhere } from "./counts.ts";
import type { Predicted } from "./predicted.ts";
import type { Subject } from "./scene.ts";
import type { ClientKind, Situation } from "./situation.ts";

/** One number that was predicted, and what came of it. */
export type Comparison = {
  /** `dc-a/z1`, `dc-a/z1 #2` (of all the situation's endpoints), `nowhere`. */
  readonly of: string;
  readonly predicted: number;
  readonly observed: number;
  readonly requests: number;
  /** Taken in turn: nothing is left to chance. */
  readonly isSteady: boolean;
};

/** Envoy's turns begin at a random place, and a request more or less stands at their end. */
const steadyWithin = 10;

/** All that was compared for one client in one situation. */
export type Result = {
  readonly situation: Situation;
  readonly client: ClientKind;
  readonly comparisons: readonly Comparison[];
};

/** What is to be compared of a client's requests in a situation: each locality, what reached nobody, and each endpoint. */
export function comparisons(
  { situation, endpoints }: Subject,
  { shares, isSteady }: Predicted,
  counts: Counts,
): readonly Comparison[] {
  const requests = [...counts.values()].reduce((sum, count) => sum + count, 0);
  // A request to who is gone reaches nobody, and nobody tells where it was sent.
  const gone = new Set(endpoints.filter(({ word }) => word === "gone").map(({ address }) => address));
  const shareOf = (address: string) => shares.get(address) ?? 0;
  const reachable = endpoints
    .map((each, index) => ({ ...each, number: index + 1 }))
    .filter(({ address }) => !gone.has(address));
  const localities = [...new Set(endpoints.map(({ locality }) => locality))];
  const sum = (addresses: readonly string[], of: (address: string) => number) =>
    addresses.reduce((total, address) => total + of(address), 0);
  const reached = sum(
    reachable.map(({ address }) => address),
    shareOf,
  );
  return [
    ...localities.map((locality) => {
      const there = reachable.filter((each) => each.locality === locality).map(({ address }) => address);
      return {
        of: locality,
        predicted: sum(there, shareOf),
        observed: sum(there, (address) => counts.get(address) ?? 0),
        requests,
        isSteady,
      };
    }),
    {
      of: nowhere,
      predicted: Math.max(0, withoutNoise(1 - reached)),
      observed: counts.get(nowhere) ?? 0,
      requests,
      isSteady,
    },
    ...(situation.localitiesOnly
      ? []
      : reachable.map(({ address, locality, number }) => ({
          of: `${locality} #${number}`,
          predicted: shareOf(address),
          observed: counts.get(address) ?? 0,
          requests,
          isSteady: false,
        }))),
  ].map((each) => ({ ...each, predicted: withoutNoise(each.predicted) }));
}

/** The API rounds to eight digits. */
function withoutNoise(share: number): number {
  if (share < 1e-7) return 0;
  return share > 1 - 1e-7 ? 1 : share;
}

export type Surprise = {
  readonly situation: Situation;
  readonly client: ClientKind;
  /** `dc-a/z1: 12 of 2000, where 70 % are 1300 to 1500`. */
  readonly lines: readonly string[];
};

/**
 * What chance does not explain: other turns than were predicted, or outside of intervals so wide that all of them together hold what is observed in 99.9 % of all
 * runs (Bonferroni's correction).
 */
export function surprises(results: readonly Result[]): readonly Surprise[] {
  const outside = 0.001 / results.reduce((sum, { comparisons: each }) => sum + each.length, 0);
  return results.flatMap(({ situation, client, comparisons: each }) => {
    const lines = each.flatMap(({ of, predicted, observed, requests, isSteady }) => {
      const { low, high } = isSteady ? around(predicted * requests) : shareInterval(requests, predicted, outside);
      if (observed >= low && observed <= high) return [];
      return [`${of}: ${observed} of ${requests}, where ${(predicted * 100).toFixed(1)} % are ${low} to ${high}`];
    });
    return lines.length > 0 ? [{ situation, client, lines }] : [];
  });
}

function around(count: number) {
  return { low: Math.floor(count) - steadyWithin, high: Math.ceil(count) + steadyWithin };
}
