import type { RunningProcess } from "./process.ts";

/** A part that tests halt, end and start again. Disposing of it ends it with SIGKILL, and what it was given. */
export type Restartable = AsyncDisposable & {
  readonly pid: number;
  /** Ends it, with SIGKILL as a crash would. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Starts it again, as it was started first. */
  start(): Promise<void>;
  /** Halts it without ending it: calls to it hang, as over a cut line. */
  freeze(): void;
  thaw(): void;
};

/** Starts what `run` starts, over what `owned` holds; `patienceMs` is how long an orderly end may take. */
export async function startRestartable(
  owned: AsyncDisposableStack,
  run: () => Promise<RunningProcess>,
  patienceMs?: number,
): Promise<Restartable> {
  let running = await run();
  async function stop(signal: "SIGTERM" | "SIGKILL" = "SIGKILL"): Promise<void> {
    // One that is halted hears no SIGTERM.
    running.signal("SIGCONT");
    await running.stop(signal, patienceMs);
  }
  owned.defer(() => stop());
  const all = owned.move();
  return {
    get pid() {
      return running.pid;
    },
    stop,
    async start() {
      running = await run();
    },
    freeze: () => running.signal("SIGSTOP"),
    thaw: () => running.signal("SIGCONT"),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
