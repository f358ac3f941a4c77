import { shareInterval } from "../../control-plane/src/demo/share-interval.ts";

/** Throws unless the count lies within the 99.9 % interval of its share. */
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
  const { low, high } = shareInterval(of, share);
  if (count >= low && count <= high) return;
  throw new Error(`${what}: ${count} of ${of}; a share of ${share} gives ${low} to ${high} in 99.9 % of all runs`);
}
