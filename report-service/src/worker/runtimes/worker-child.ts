import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { mainThread } from "../../lib/main-thread.ts";
import { watchMemory } from "../../lib/watch-memory.ts";
import type { JobResult } from "../runtime.ts";
import { endedByFullHeap, heapReportFlags } from "./heap-report.ts";
import type { FromWorker, ToWorker, WorkerSettings } from "./messages.ts";
import { type Death, deathOf, lookEveryMs, type Pulse, stepPulse } from "./pulse.ts";

/** What comes of a job that did not end before its process did. */
export type Loss = Extract<JobResult, { kind: "failed" | "lost" | "stalled" | "unavailable" }>;

/** A worker process, as its server sees it: watched for as long as it lives. */
export type WorkerChild = {
  readonly process: ChildProcess;
  tell(message: ToWorker): void;
  /** Kills it when it has more memory than its job may; until disposed. */
  capMemory(mostBytes: number): Disposable;
  /** Kills it with the sandboxes that it has started. */
  kill(): void;
  /** From then on it takes no job, though it may still say a last word. */
  killed(): boolean;
} & AsyncDisposable;

// Calls come first: a worker takes the CPU time that its server leaves.
const workerNiceness = 10;
// What writes PDF and XLSX takes 150 MB of it with 50,000 rows; the rest is garbage that V8 would keep as long as it may.
const heapMegabytes = 256;

/** `onEnd` is told once, when the process has ended or could not be started. */
export function startWorkerChild(settings: WorkerSettings, onEnd: (loss: Loss) => void): WorkerChild {
  const program = fileURLToPath(new URL("./worker-process.ts", import.meta.url));
  const child = fork(program, [JSON.stringify(settings)], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    // A process group of its own, to be killed with the sandboxes that it has started. It is also a session of its own, and
    // between sessions the kernel may know nobody as idle (sched(7), "The autogroup feature"): otherwise they end by themselves.
    detached: settings.codeScheduling === "other",
    execArgv: [...process.execArgv, `--max-old-space-size=${heapMegabytes}`, ...heapReportFlags(settings.scratch)],
  });
  // Where the system does not let us, the worker just runs at the priority of its server.
  if (child.pid !== undefined) ignoreErrors(() => setPriority(child.pid ?? 0, workerNiceness));
  let killed = false;
  const kill = () => {
    killed = true;
    killAll(child, settings);
  };

  let dead: Loss | undefined;
  const watch = watchPulse(child, (death) => {
    dead = lossBy(death);
    kill();
  });
  let ended = false;
  const end = (loss: Loss) => {
    if (ended) return;
    ended = true;
    watch[Symbol.dispose]();
    // What it has started goes with it.
    kill();
    onEnd(loss);
  };
  child.once("exit", (code, signal) => {
    if (dead) end(dead);
    else if (signal === "SIGABRT" && endedByFullHeap(settings.scratch, child.pid)) end(outOfMemory(heapSays));
    else end({ kind: "lost", message: `the worker ended by ${signal ?? code}` });
  });
  child.on("error", (error) => end({ kind: "unavailable", message: `no worker starts: ${error.message}` }));
  return {
    process: child,
    kill,
    killed: () => killed,
    capMemory: (mostBytes) =>
      watchMemory(child.pid, mostBytes, (used) => {
        dead = outOfMemory(`its process had ${used} bytes of memory and was ended`);
        kill();
      }),
    // One that has just died cannot be told anything; its end says the rest.
    tell: (message) => void child.send(message, () => {}),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      kill();
      await once(child, "exit");
    },
  };
}

/** Looks after a child's beats, and reads what it has run only where there were none. */
function watchPulse(child: ChildProcess, onDeath: (death: Death) => void): Disposable {
  let pulse: Pulse = { kind: "beats" };
  let beat = true;
  const onMessage = (message: FromWorker) => {
    if (message.kind === "beat") beat = true;
  };
  const timer = setInterval(() => {
    pulse = stepPulse(pulse, beat ? { kind: "beat" } : { kind: "none", ranMs: mainThread(child.pid)?.ranMs ?? 0 });
    beat = false;
    const death = deathOf(pulse);
    if (death) onDeath(death);
  }, lookEveryMs).unref();
  child.on("message", onMessage);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      child.off("message", onMessage);
    },
  };
}

const heapSays = `to write it took more than the ${heapMegabytes} MB that its process has for texts`;

// One process makes one report at a time, and what the ones before have left does not count.
function outOfMemory(message: string): Loss {
  return { kind: "failed", reason: "OUT_OF_MEMORY", message };
}

function lossBy(death: Death): Loss {
  switch (death.kind) {
    case "still":
      return { kind: "stalled", message: "the worker did nothing any more, as one that is stopped, and was ended" };
    case "spins":
      return { kind: "lost", message: "the worker no longer answered, busy without end, and was ended" };
  }
}

function killAll({ pid }: ChildProcess, { codeScheduling }: WorkerSettings): void {
  if (pid !== undefined) ignoreErrors(() => process.kill(codeScheduling === "other" ? -pid : pid, "SIGKILL"));
}

function ignoreErrors(action: () => void): void {
  try {
    action();
  } catch {
    // Said at the call.
  }
}
