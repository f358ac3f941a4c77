import { dirname } from "node:path";
import type { CpuTime } from "../../lib/main-thread.ts";
import type { CodeScheduling, SandboxScheduling } from "../../model/code-scheduling.ts";
import type { Language } from "../../model/kind.ts";
import { getsTooLittle } from "./gets-too-little.ts";
import { type Sandbox, startSandbox } from "./sandbox.ts";
import { findSandboxPlaces, type SandboxPlaces } from "./sandbox-places.ts";

/** Sandboxes of one language: each runs one job, so that no job finds anything of the one before it. */
export type Spares = {
  /** One that nobody has used. The next one starts at once, and is ready by the time it is needed. */
  take(): Promise<Sandbox>;
  /**
   * Where one gets too little of a CPU, by what it has had `since` it was taken, and that can be helped, the next ones have CPU
   * time as others have it, for a while. Whether that is so.
   */
  insist(taken: Sandbox, since: CpuTime): boolean;
};

export type SpareSettings = {
  readonly sample: string;
  readonly longestMs: number;
  readonly codeScheduling: CodeScheduling;
  /** How many workers of code this server has for each CPU. */
  readonly codePerCpu: number;
};

// A spare costs memory; one that nobody asks for is let go.
const keptMs = 60_000;
// What starting takes on a busy machine, on top of the longest job.
const startSeconds = 30;
// How long a machine that left idle code too little is taken to be as busy.
const insistMs = 5 * 60_000;

export function createSpares(
  language: Exclude<Language, "sql">,
  { sample, longestMs, codeScheduling, codePerCpu }: SpareSettings,
): Spares {
  const cpuSeconds = Math.ceil(longestMs / 1_000) + startSeconds;
  let insistsUntilMs = 0;
  let places: Promise<SandboxPlaces> | undefined;
  let spare: { readonly sandbox: Promise<Sandbox>; readonly timer: NodeJS.Timeout } | undefined;

  function schedulingNow(): SandboxScheduling {
    if (codeScheduling !== "auto") return codeScheduling;
    return performance.now() < insistsUntilMs ? "other" : "idle";
  }

  async function start(): Promise<Sandbox> {
    places ??= findSandboxPlaces(language, dirname(sample));
    places.catch(() => {
      places = undefined;
    });
    const found = await places;
    return startSandbox(found, {
      ...{ cpuSeconds, scheduling: schedulingNow() },
      inServersSession: codeScheduling !== "other",
    });
  }

  function dropSpare(): void {
    const dropped = spare;
    spare = undefined;
    clearTimeout(dropped?.timer);
    dropped?.sandbox.then((sandbox) => sandbox[Symbol.dispose]()).catch(() => {});
  }

  function keepSpare(): void {
    const sandbox = start();
    const timer = setTimeout(dropSpare, keptMs);
    spare = { sandbox, timer };
    sandbox.then(({ ended }) => ended).then(dropIfStill, dropIfStill);
    function dropIfStill() {
      if (spare?.sandbox === sandbox) dropSpare();
    }
  }

  return {
    async take() {
      const taken = spare;
      spare = undefined;
      clearTimeout(taken?.timer);
      const sandbox = await (taken?.sandbox ?? start());
      keepSpare();
      return sandbox;
    },
    insist({ scheduling }, since) {
      if (codeScheduling !== "auto" || scheduling !== "idle" || !getsTooLittle(since, codePerCpu)) return false;
      insistsUntilMs = performance.now() + insistMs;
      // It is idle, too.
      dropSpare();
      return true;
    },
  };
}
