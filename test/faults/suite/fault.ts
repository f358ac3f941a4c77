import type { Random } from "./random.ts";

/** Whether something that must always hold did, and what was seen. */
export type Verdict = { readonly invariant: string; readonly holds: boolean; readonly found: string };

export type FaultRun = {
  readonly random: Random;
  /** Few rounds, as in `npm test`, or as many as the promise is made for. */
  readonly short: boolean;
  /** Tells what is being done, for those who watch, and keeps it for those who look for the cause. */
  say(what: string): void;
};

/** Something that breaks, under traffic, and what must hold meanwhile and afterwards. */
export type Fault = {
  readonly name: string;
  /** One line: what is broken. */
  readonly breaks: string;
  /** Why it cannot be tried on this machine; undefined: it can. */
  readonly lacks?: () => string | undefined;
  run(run: FaultRun): Promise<readonly Verdict[]>;
};
