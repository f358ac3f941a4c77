import { parseLocalityPattern } from "../model/locality.ts";
import { CliError } from "./cli-error.ts";

/** `dc-a=60 dc-b=40%` as percent by locality; says everything that is wrong at once. */
export function parseShares(words: readonly string[]): Readonly<Record<string, number>> {
  const shares = new Map<string, number>();
  const problems: string[] = [];
  for (const word of words) {
    const [, place = "", text = ""] = /^([^=]+)=(\d+(?:\.\d+)?)%?$/.exec(word) ?? [];
    if (place === "") problems.push(`"${word}" is no share: expected locality=percent, like dc-a=60`);
    else if (place === "*" || !parseLocalityPattern(place).ok)
      problems.push(`"${place}" is no locality: expected region or region/zone, like dc-a`);
    else if (shares.has(place)) problems.push(`${place} is there twice`);
    else shares.set(place, Number(text));
  }
  const sum = [...shares.values()].reduce((total, share) => total + share, 0);
  if (problems.length === 0 && Math.abs(sum - 100) > 1e-9)
    problems.push(`the shares add up to ${Number(sum.toFixed(9))}, not 100`);
  if (problems.length > 0) throw new CliError(problems.join("\n       "));
  return Object.fromEntries(shares);
}

/** `dc-c,dc-d` in order. */
export function placesOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((place) => place.trim())
    .filter((place) => place !== "");
}
