import { distance } from "fastest-levenshtein";

/** The one of `known` that the author most likely meant by `found`, at most `mostOff` letters off; undefined when none is near. */
export function nearestOf(
  found: string,
  known: Iterable<string>,
  mostOff = Number.POSITIVE_INFINITY,
): string | undefined {
  let best: { readonly name: string; readonly off: number } | undefined;
  for (const name of known) {
    const off = distance(found.toLowerCase(), name.toLowerCase());
    const length = Math.min(found.length, name.length);
    // Two letters that changed places count as two.
    const allowed = Math.min(mostOff, length < 4 ? 1 : Math.max(2, Math.floor(length / 3)));
    if (off <= allowed && (!best || off < best.off)) best = { name, off };
  }
  return best?.name;
}

/** `; did you mean "report"?`, or nothing, to stand at the end of a message. */
export function didYouMean(found: string, known: Iterable<string>): string {
  const nearest = nearestOf(found, known);
  return nearest === undefined ? "" : `; did you mean ${JSON.stringify(nearest)}?`;
}
