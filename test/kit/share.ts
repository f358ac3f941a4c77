import { shareInterval } from "../../control-plane/src/demo/share-interval.ts";

/**
 * How likely a count lies outside of its interval by chance alone. A run of the tests has some two hundred of them, so that one run in
 * 50,000 is refused without a cause: at the usual 0.001 it would be every fifth.
 */
const outside = 1e-7;

/** Throws unless the count lies within the interval of its share that all but one of ten million keep to. */
export function assertShare(
  count: number,
  {
    of,
    share,
    what,
  }: {
    readonly of: number;
    readonly share: number;
    readonly what: string;
  },
): void {
  const { low, high } = shareInterval(of, share, outside);
  if (count >= low && count <= high) return;
  throw new Error(`${what}: ${count} of ${of}; a share of ${share} gives ${low} to ${high} in all but few runs`);
}
