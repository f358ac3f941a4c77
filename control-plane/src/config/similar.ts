import { closest, distance } from "fastest-levenshtein";

/** The known word that a mistyped one was probably meant to be, if any is near enough. */
export function similar(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const nearest = closest(
    word.toLowerCase(),
    known.map((each) => each.toLowerCase()),
  );
  const found = known.find((each) => each.toLowerCase() === nearest);
  return distance(word.toLowerCase(), nearest) <= (word.length < 3 ? 1 : 2) ? found : undefined;
}
