// The process that runs the reports of one language, one at a time. Its server starts it, talks to it over IPC and may
// kill it at any time; a job that takes the whole memory or crashes the engine takes nothing else with it.
import { atMostEvery } from "../../lib/at-most-every.ts";
import { isOutOfRoom } from "../../lib/out-of-room.ts";
import type { Progress } from "../../model/report.ts";
import type { HearOfJob, Job } from "../runtime.ts";
import { createSpares, type Spares } from "../sandbox/spares.ts";
import { type Engine, startEngine } from "./engine.ts";
import { failureBy, InputError, makeInputViews } from "./input-views.ts";
import type { FromWorker, ToWorker, WorkerSettings } from "./messages.ts";
import type { Ended } from "./render-result.ts";
import { runCode } from "./run-code.ts";
import { runQuery } from "./run-query.ts";

// How often DuckDB is asked how far a query is.
const lookMs = 500;
// The server counts how often it hears nothing.
const beatEveryMs = 1_000;
// The server tells watchers less often. Of short jobs it hears nothing: each message takes both processes time.
const tellEveryMs = 100;

const settings = JSON.parse(process.argv[2] ?? "{}") as WorkerSettings;
// An engine's memory is limited once, when it starts; kinds with the same limit share one. Those at rest have this much
// together beside the heap, or else are closed: limits are not to add up.
const restBytes = 250_000_000;
const engines = new Map<string, Promise<Engine>>();
const spares: Spares | undefined = settings.language === "sql" ? undefined : createSpares(settings.language, settings);
let stop = new AbortController();

process.on("message", (message: ToWorker) => {
  if (message.kind === "stop") stop.abort();
  else void take(message.job);
});
process.on("disconnect", endAll);
setInterval(() => send({ kind: "beat" }), beatEveryMs);
// Signals to the process group are for the server, which tells its worker when to stop.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});

async function take(job: Job): Promise<void> {
  const result = await run(job);
  // Before the answer: the next job may follow at once, and its server looks at what this process has by then.
  await closeLargeEngines();
  send(result);
}

async function run(job: Job): Promise<FromWorker> {
  stop = new AbortController();
  const { signal } = stop;
  try {
    const engine = await engineWith(job.memory);
    const result = signal.aborted ? undefined : await work(engine, job, signal);
    return signal.aborted || !result ? { kind: "stopped" } : result;
  } catch (error) {
    if (isBroken(error as Error)) process.exit(1);
    return signal.aborted ? { kind: "stopped" } : failureOf(error as Error, job);
  }
}

async function work(engine: Engine, job: Job, signal: AbortSignal): Promise<Ended | FromWorker> {
  const { connection } = engine;
  const interrupt = () => connection.interrupt();
  signal.addEventListener("abort", interrupt);
  const tell = atMostEvery(tellEveryMs, (progress: Progress) => send({ kind: "progress", progress }));
  const ticker = setInterval(() => tellOfQuery(engine, tell), lookMs);
  // What writes PDF and XLSX is no query that could be interrupted, and ends with what this throws.
  const hear: HearOfJob = {
    begun: () => send({ kind: "begun" }),
    waited: (ms) => send({ kind: "waited", ms }),
    starved: () => send({ kind: "starved" }),
    progress(progress) {
      signal.throwIfAborted();
      tell(progress);
    },
  };
  try {
    // Reading uploads is the job's own time: a client may send what takes long.
    if (job.inputs.length > 0) hear.begun();
    await using _inputs = await makeInputViews(connection, job.inputs, signal);
    const { program } = job;
    if (program.language === "sql") {
      hear.begun();
      return await runQuery(connection, program.query, job, settings.scratch, hear.progress);
    }
    if (!spares) return { kind: "unavailable", message: `this worker runs ${settings.language} only` };
    return await runCode(engine, spares, program, job, settings.scratch, hear, signal);
  } finally {
    clearInterval(ticker);
    signal.removeEventListener("abort", interrupt);
  }
}

function engineWith(memory: string): Promise<Engine> {
  const made = engines.get(memory) ?? startEngine(memory, settings);
  engines.set(memory, made);
  made.catch(() => engines.delete(memory));
  return made;
}

async function closeLargeEngines(): Promise<void> {
  const { rss, heapTotal } = process.memoryUsage();
  if (rss - heapTotal <= restBytes) return;
  const large = [...engines.values()];
  engines.clear();
  for (const { instance, connection } of await Promise.all(large)) {
    connection.closeSync();
    instance.closeSync();
  }
}

function tellOfQuery({ connection }: Engine, tell: (progress: Progress) => void): void {
  const { percentage } = connection.progress;
  if (percentage > 0) tell({ stage: "query", percent: Math.min(100, Math.floor(percentage)), rows: 0 });
}

function send(message: FromWorker): void {
  // A write that fails may come before the word that the server is gone; thrown, it would end this process alone.
  process.send?.(message, undefined, undefined, (error) => error && endAll());
}

/** The server is gone. An exit in order would wait for the query's thread; sandboxes are in its group or end with it. */
function endAll(): void {
  process.kill(settings.codeScheduling === "other" ? -process.pid : process.pid, "SIGKILL");
}

function failureOf(error: Error, { inputs }: Job): FromWorker {
  // Neither the report nor its kind can help it, and where it would have been written is nobody else's business.
  if (isOutOfRoom(error) || saysOutOfRoom(error)) return { kind: "no-room", message: "the worker's disk is full" };
  if (error instanceof InputError) return { kind: "failed", reason: "INPUT_INVALID", message: error.message };
  return { kind: "failed", ...failureBy(error.message, inputs) };
}

// DuckDB's words for ENOSPC, EDQUOT and EFBIG, and those of a process that has made something for this one.
function saysOutOfRoom({ message }: Error): boolean {
  return (
    /^IO Error: .*(No space left on device|Disk quota exceeded|File too large)/.test(message) ||
    /^Command failed: .*\b(ENOSPC|EDQUOT|EFBIG)\b/s.test(message)
  );
}

// DuckDB refuses all work after a fatal error; the next worker gets the report as its next attempt.
function isBroken(error: Error): boolean {
  return /\b(FATAL|INTERNAL) Error\b/.test(error.message);
}
