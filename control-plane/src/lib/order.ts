/** Compares text by code units: the same order on every machine and locale, so that equal worlds give equal bytes. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A copy sorted by the text that `key` gives for each value. */
export function sortedBy<T>(values: Iterable<T>, key: (value: T) => string): T[] {
  return [...values]
    .map((value) => [key(value), value] as const)
    .sort(([a], [b]) => byText(a, b))
    .map(([, value]) => value);
}
