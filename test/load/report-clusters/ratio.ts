import { quantile } from "../../kit/quantile.ts";

/** What was taken in one round, two ways. */
export type Round = { readonly one: readonly number[]; readonly other: readonly number[] };
/** A ratio, and where it lies in 95 of 100 draws. */
export type Ratio = { readonly ratio: number; readonly low: number; readonly high: number };

const draws = 1_000;

/** The quantile `part` of `one` over that of `other`, all rounds together. */
export const ratioOfAll: RatioOf = (rounds, part) =>
  quantile(
    rounds.flatMap(({ one }) => one),
    part,
  ) /
  quantile(
    rounds.flatMap(({ other }) => other),
    part,
  );

/** The same of each round, and their geometric mean: a round in which the machine was slow does not decide it alone. */
export const ratioByRound: RatioOf = (rounds, part) =>
  Math.exp(rounds.reduce((sum, round) => sum + Math.log(ratioOfAll([round], part)), 0) / rounds.length);

type RatioOf = (rounds: readonly Round[], part: number) => number;

/**
 * A ratio, and how sure it is: as many rounds are drawn from these again and again, each with both of its sides, since what
 * drifts over minutes is in both. A bootstrap of pairs (Efron and Tibshirani, An Introduction to the Bootstrap, 1993); `random`
 * gives numbers from 0 up to 1.
 */
export function bootstrap(
  ratioOf: RatioOf,
  rounds: readonly Round[],
  part: number,
  random: () => number = Math.random,
): Ratio {
  const drawn = Array.from({ length: draws }, () =>
    ratioOf(
      rounds.map(() => pick(rounds, random)),
      part,
    ),
  );
  return { ratio: ratioOf(rounds, part), low: quantile(drawn, 0.025), high: quantile(drawn, 0.975) };
}

function pick(rounds: readonly Round[], random: () => number): Round {
  const picked = rounds[Math.floor(random() * rounds.length)];
  if (picked === undefined) throw new Error("there are no rounds to draw from");
  return picked;
}
