export type Point = { readonly size: number; readonly value: number };

/**
 * The exponent b of value = a * size^b that fits best, by least squares over the logarithms: 0 where size does not
 * matter, 1 where twice the size takes twice as much. Undefined for fewer than two points.
 */
export function exponentOf(points: readonly Point[]): number | undefined {
  const logs = points
    .filter(({ size, value }) => size > 0 && value > 0)
    .map(({ size, value }) => ({ x: Math.log(size), y: Math.log(value) }));
  if (logs.length < 2) return undefined;
  const mean = (of: (log: { x: number; y: number }) => number) =>
    logs.reduce((sum, log) => sum + of(log), 0) / logs.length;
  const [meanX, meanY] = [mean(({ x }) => x), mean(({ y }) => y)];
  const covariance = mean(({ x, y }) => (x - meanX) * (y - meanY));
  const variance = mean(({ x }) => (x - meanX) ** 2);
  return variance === 0 ? undefined : covariance / variance;
}
