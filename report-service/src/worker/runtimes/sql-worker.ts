// The process that runs SQL reports, one at a time. Its server starts it, talks to it over IPC and may kill it at any
// time; a query that takes the whole memory or crashes the engine takes nothing else with it.
import { mkdir } from "node:fs/promises";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { FailureReason, Progress } from "../../model/report.ts";
import type { Job } from "../runtime.ts";
import type { FromWorker, ToWorker, WorkerPlaces } from "./messages.ts";
import { runQuery } from "./run-query.ts";
import { ensureSampleSales, sqlText } from "./sample-sales.ts";

// Watchers are told no more often than this, and of short queries nothing.
const progressEveryMs = 500;

const places = JSON.parse(process.argv[2] ?? "{}") as WorkerPlaces;
// An engine's memory is limited once, when it starts; kinds with the same limit share one.
const engines = new Map<string, Promise<DuckDBConnection>>();
let running: DuckDBConnection | undefined;
let stopping = false;

process.on("message", (message: ToWorker) => {
  if (message.kind === "stop") stop();
  else void run(message.job).then(send);
});
// The server is gone. An exit in order would wait for the query's thread.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
// Signals to the process group are for the server, which tells its worker when to stop.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});

function stop(): void {
  stopping = true;
  running?.interrupt();
}

async function run(job: Job): Promise<FromWorker> {
  stopping = false;
  const ticker = setInterval(() => running && reportProgress(running), progressEveryMs);
  try {
    const connection = await engineWith(job.memory);
    running = connection;
    if (stopping) return { kind: "stopped" };
    const result = await runQuery(connection, job, places.scratch, sendProgress);
    return stopping ? { kind: "stopped" } : result;
  } catch (error) {
    if (isBroken(error as Error)) process.exit(1);
    return stopping ? { kind: "stopped" } : failureOf(error as Error);
  } finally {
    clearInterval(ticker);
    running = undefined;
  }
}

function engineWith(memory: string): Promise<DuckDBConnection> {
  const made = engines.get(memory) ?? startEngine(memory);
  engines.set(memory, made);
  made.catch(() => engines.delete(memory));
  return made;
}

/** An engine that can read the sample and write the scratch directory, and nothing else on this machine. */
async function startEngine(memory: string): Promise<DuckDBConnection> {
  const engine = await DuckDBInstance.create(":memory:", {
    threads: "1",
    memory_limit: memory,
    temp_directory: "",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
  const connection = await engine.connect();
  await mkdir(places.scratch, { recursive: true });
  await ensureSampleSales(connection, places.sample);
  const [sample, scratch] = [sqlText(places.sample), sqlText(places.scratch)];
  for (const statement of [
    `create view sales as select * from read_parquet('${sample}')`,
    // Without the bar DuckDB does not count how far a query is. It belongs to the connection, so all jobs share one.
    "set enable_progress_bar = true",
    "set enable_progress_bar_print = false",
    `set allowed_directories = ['${scratch}/']`,
    `set allowed_paths = ['${sample}']`,
    "set enable_external_access = false",
    "set lock_configuration = true",
  ]) {
    await connection.run(statement);
  }
  return connection;
}

function reportProgress(connection: DuckDBConnection): void {
  const { percentage } = connection.progress;
  if (percentage > 0) sendProgress({ stage: "query", percent: Math.min(100, Math.floor(percentage)), rows: 0 });
}

function sendProgress(progress: Progress): void {
  send({ kind: "progress", progress });
}

function send(message: FromWorker): void {
  process.send?.(message);
}

function failureOf(error: Error): FromWorker {
  const reason: FailureReason = error.message.includes("Out of Memory") ? "OUT_OF_MEMORY" : "RENDER_FAILED";
  // The first line says what is wrong; the rest quotes the kind's SQL, which is not the client's.
  return { kind: "failed", reason, message: error.message.split("\n")[0] ?? error.message };
}

// DuckDB refuses all work after a fatal error; the next worker gets the report as its next attempt.
function isBroken(error: Error): boolean {
  return /\b(FATAL|INTERNAL) Error\b/.test(error.message);
}
