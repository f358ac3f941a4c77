// The process that runs SQL reports, one at a time. Its server starts it, talks to it over IPC and may kill it at any
// time; a query that takes the whole memory or crashes the engine takes nothing else with it.
import { mkdir } from "node:fs/promises";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { FailureReason, Progress } from "../../model/report.ts";
import type { Job } from "../runtime.ts";
import type { FromWorker, ToWorker, WorkerPlaces } from "./messages.ts";
import { runQuery } from "./run-query.ts";
import { ensureSampleSales, sqlText } from "./sample-sales.ts";

const places = JSON.parse(process.argv[2] ?? "{}") as WorkerPlaces;
const engines = new Map<string, Promise<DuckDBInstance>>();
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
  let connection: DuckDBConnection | undefined;
  const ticker = setInterval(() => connection && reportProgress(connection), 500);
  try {
    const engine = await engineWith(job.memory);
    connection = await engine.connect();
    running = connection;
    if (stopping) return { kind: "stopped" };
    const result = await runQuery(connection, job, places.scratch, sendProgress);
    return result.kind === "lost" || stopping ? { kind: "stopped" } : result;
  } catch (error) {
    return stopping ? { kind: "stopped" } : failureOf(error as Error);
  } finally {
    clearInterval(ticker);
    running = undefined;
    connection?.closeSync();
  }
}

/** An engine that can read the sample and write the scratch directory, and nothing else on this machine. */
function engineWith(memory: string): Promise<DuckDBInstance> {
  const made = engines.get(memory) ?? startEngine(memory);
  engines.set(memory, made);
  made.catch(() => engines.delete(memory));
  return made;
}

async function startEngine(memory: string): Promise<DuckDBInstance> {
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
  await connection.run(`create view sales as select * from read_parquet('${sqlText(places.sample)}')`);
  await connection.run(`set allowed_directories = ['${sqlText(places.scratch)}/']`);
  await connection.run(`set allowed_paths = ['${sqlText(places.sample)}']`);
  await connection.run("set enable_external_access = false");
  await connection.run("set lock_configuration = true");
  connection.closeSync();
  return engine;
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
