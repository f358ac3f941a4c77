/** The value that lies `part` (0 up to 1) of the way through them in order, one that is among them; NaN where there is none. */
export function quantile(values: Iterable<number>, part: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
}
