import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import type { Language } from "../../model/kind.ts";
import type { HearOfJob, Job, JobResult, Runtime } from "../runtime.ts";
import type { FromWorker, ToWorker, WorkerPlaces, WorkerSettings } from "./messages.ts";

// An interrupted job ends within milliseconds; a worker that does not answer by then is stuck and gets replaced.
const stopPatienceMs = 3_000;
// Calls come first: a worker takes the CPU time that its server leaves.
const workerNiceness = 10;
const anHourMs = 3_600_000;

/**
 * Runs reports of one language in a child process, started with the first job and again whenever it is lost.
 * `longestMs` is the longest that a job may take: whatever happens to everybody else, no code runs for longer.
 */
export function createRuntime(language: Language, places: WorkerPlaces, longestMs: number = anHourMs): Runtime {
  const settings: WorkerSettings = { ...places, language, longestMs };
  let worker: ChildProcess | undefined;

  function start(): ChildProcess {
    const program = fileURLToPath(new URL("./worker-process.ts", import.meta.url));
    const child = fork(program, [JSON.stringify(settings)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      // A process group of its own, to be killed with the sandboxes that it has started.
      detached: true,
    });
    const forget = () => {
      if (worker === child) worker = undefined;
      killGroup(child);
    };
    child.once("exit", forget).on("error", forget);
    // Where the system does not let us, the worker just runs at the priority of its server.
    if (child.pid !== undefined) ignoreErrors(() => setPriority(child.pid ?? 0, workerNiceness));
    return child;
  }

  return {
    scratch: places.scratch,
    async run(job, hear, signal) {
      if (signal.aborted) return { kind: "stopped" };
      worker ??= start();
      return converse(worker, job, hear, signal);
    },
    async [Symbol.asyncDispose]() {
      const child = worker;
      worker = undefined;
      if (child && child.exitCode === null && child.signalCode === null) {
        killGroup(child);
        await once(child, "exit");
      }
      await rm(places.scratch, { recursive: true, force: true });
    },
  };
}

/** One job on one worker, until it answers, dies or has to be killed. */
function converse(worker: ChildProcess, job: Job, hear: HearOfJob, signal: AbortSignal): Promise<JobResult> {
  const { promise, resolve } = Promise.withResolvers<JobResult>();
  let patience: NodeJS.Timeout | undefined;

  const onMessage = (message: FromWorker) => {
    if (message.kind === "progress") hear.progress(message.progress);
    else if (message.kind === "begun") hear.begun();
    else resolve(message);
  };
  const onExit = (code: number | null, killedBy: string | null) => {
    resolve(
      signal.aborted ? { kind: "stopped" } : { kind: "lost", message: `the worker ended by ${killedBy ?? code}` },
    );
  };
  const onError = (error: Error) => resolve({ kind: "unavailable", message: `no worker starts: ${error.message}` });
  const onAbort = () => {
    tell(worker, { kind: "stop" });
    patience = setTimeout(() => killGroup(worker), stopPatienceMs);
  };

  worker.on("message", onMessage).on("exit", onExit).on("error", onError);
  signal.addEventListener("abort", onAbort);
  tell(worker, { kind: "run", job });
  return promise.finally(() => {
    clearTimeout(patience);
    signal.removeEventListener("abort", onAbort);
    worker.off("message", onMessage).off("exit", onExit).off("error", onError);
  });
}

// A worker that has just died cannot be told anything; its "exit" says the rest.
function tell(worker: ChildProcess, message: ToWorker): void {
  worker.send(message, () => {});
}

function killGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) ignoreErrors(() => process.kill(-pid, "SIGKILL"));
}

function ignoreErrors(action: () => void): void {
  try {
    action();
  } catch {
    // Said at the call.
  }
}
