import type { Fault } from "./fault.ts";
import { killWhilePushing } from "./faults/kill-while-pushing.ts";

/** All that is tried, in the order of docs/faults.md. */
export const faults: readonly Fault[] = [killWhilePushing];
