import { shareInterval } from "../../control-plane/src/demo/share-interval.ts";

/**
 * The 99.9 % interval of a whole run of the tests, which has some two hundred of them: at 99.9 % each, every fifth run would find one
 * outside of it by chance alone.
 */
const outside = 0.001 / 200;

/** Throws unless the count lies within the interval of its share that all but one of 1,000 runs of the tests keep to. */
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
