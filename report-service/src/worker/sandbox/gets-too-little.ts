import type { CpuTime } from "../../lib/main-thread.ts";

const graceMs = 1_000;
const shares = 3;

/**
 * Less than a third of its share of a CPU, while it could have run, a second of waiting apart. `perCpu` is how many such threads
 * there may be for each: where they are more than one, they wait for each other. Beginning again then loses less than the
 * waiting did.
 */
export function getsTooLittle({ ranMs, waitedMs }: CpuTime, perCpu: number): boolean {
  return waitedMs > graceMs + (shares * Math.max(1, perCpu) - 1) * ranMs;
}
