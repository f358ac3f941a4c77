import { rm } from "node:fs/promises";
import { residentBytes } from "../../lib/resident-bytes.ts";
import type { Language } from "../../model/kind.ts";
import type { HearOfJob, Job, JobResult, Runtime } from "../runtime.ts";
import { memoryBytes } from "./memory-bytes.ts";
import type { FromWorker, WorkerLimits, WorkerPlaces, WorkerSettings } from "./messages.ts";
import { type Loss, startWorkerChild, type WorkerChild } from "./worker-child.ts";

// An interrupted job ends within milliseconds; a worker that does not answer by then is stuck and gets replaced.
const stopPatienceMs = 3_000;
const anHourMs = 3_600_000;
// What a worker may have beside its kind's memory: Node and DuckDB 150 MB, the heap 256, and what its allocator has not
// given back.
const ownBytes = 700_000_000;
// One that has more than this between two jobs is replaced, so that none is ended for what another one has left behind.
const restBytes = 550_000_000;

/** Runs reports of one language in a child process, started with the first job and again whenever it is lost. */
export function createRuntime(
  language: Language,
  places: WorkerPlaces,
  { longestMs = anHourMs, codeScheduling = "other", codePerCpu = 1 }: Partial<WorkerLimits> = {},
): Runtime {
  const settings: WorkerSettings = { ...places, language, longestMs, codeScheduling, codePerCpu };
  let worker: WorkerChild | undefined;
  let loseJob: (loss: Loss) => void = () => {};

  function start(): WorkerChild {
    const started = startWorkerChild(settings, (loss) => {
      if (worker === started) worker = undefined;
      loseJob(loss);
    });
    return started;
  }

  async function end(): Promise<void> {
    const ending = worker;
    worker = undefined;
    await ending?.[Symbol.asyncDispose]();
  }

  return {
    scratch: places.scratch,
    async run(job, hear, signal) {
      if (signal.aborted) return { kind: "stopped" };
      if (worker && (worker.killed() || hasTooMuch(worker))) await end();
      worker ??= start();
      const { promise: loss, resolve } = Promise.withResolvers<Loss>();
      loseJob = resolve;
      return converse(worker, job, hear, signal, loss);
    },
    async [Symbol.asyncDispose]() {
      await end();
      await rm(places.scratch, { recursive: true, force: true });
    },
  };
}

function hasTooMuch({ process }: WorkerChild): boolean {
  return (residentBytes(process.pid) ?? 0) > restBytes;
}

/** One job on one worker, until it answers, dies or has to be killed. */
function converse(
  worker: WorkerChild,
  job: Job,
  hear: HearOfJob,
  signal: AbortSignal,
  lost: Promise<Loss>,
): Promise<JobResult> {
  const { promise, resolve } = Promise.withResolvers<JobResult>();
  let patience: NodeJS.Timeout | undefined;
  const cap = worker.capMemory(memoryBytes(job.memory) + ownBytes);

  const onMessage = (message: FromWorker) => {
    switch (message.kind) {
      case "beat":
        return;
      case "begun":
        return hear.begun();
      case "waited":
        return hear.waited(message.ms);
      case "starved":
        return hear.starved();
      case "progress":
        return hear.progress(message.progress);
      default:
        resolve(message);
    }
  };
  const onAbort = () => {
    worker.tell({ kind: "stop" });
    patience = setTimeout(worker.kill, stopPatienceMs);
  };

  worker.process.on("message", onMessage);
  void lost.then((loss) => {
    resolve(signal.aborted && loss.kind !== "unavailable" ? { kind: "stopped" } : loss);
  });
  signal.addEventListener("abort", onAbort);
  worker.tell({ kind: "run", job });
  return promise.finally(() => {
    clearTimeout(patience);
    cap[Symbol.dispose]();
    signal.removeEventListener("abort", onAbort);
    worker.process.off("message", onMessage);
  });
}
