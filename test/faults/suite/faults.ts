import type { Fault } from "./fault.ts";
import { cutLine } from "./faults/cut-line.ts";
import { diskFull } from "./faults/disk-full.ts";
import { killWhilePushing } from "./faults/kill-while-pushing.ts";
import { lostConsul } from "./faults/lost-consul.ts";
import { lyingConsul } from "./faults/lying-consul.ts";
import { replicas } from "./faults/replicas.ts";
import { startBlind } from "./faults/start-blind.ts";
import { wrongClock } from "./faults/wrong-clock.ts";

/** All that is tried, in the order of docs/faults.md. */
export const faults: readonly Fault[] = [
  killWhilePushing,
  startBlind,
  lyingConsul,
  lostConsul,
  diskFull,
  cutLine,
  replicas,
  wrongClock,
];
