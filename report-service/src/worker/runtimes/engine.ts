import { mkdir } from "node:fs/promises";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { WorkerPlaces } from "./messages.ts";
import { ensureSampleSales, sqlText } from "./sample-sales.ts";

/** DuckDB, as jobs with one memory limit share it. */
export type Engine = { readonly instance: DuckDBInstance; readonly connection: DuckDBConnection };

/** An engine that can read the sample and write the scratch directory, and nothing else on this machine. */
export async function startEngine(memory: string, places: WorkerPlaces): Promise<Engine> {
  const instance = await DuckDBInstance.create(":memory:", {
    threads: "1",
    memory_limit: memory,
    temp_directory: "",
    // What was freed goes back to the system at once. Otherwise an engine of 512 MB came to hold a gigabyte, and as no
    // query of one thread flushes its allocator, it did so for good.
    allocator_flush_threshold: "1MB",
    allocator_bulk_deallocation_flush_threshold: "1MB",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
  const connection = await instance.connect();
  await mkdir(places.scratch, { recursive: true });
  await ensureSampleSales(connection, places.sample);
  const [sample, scratch] = [sqlText(places.sample), sqlText(places.scratch)];
  for (const statement of [
    // Otherwise a day begins when it does where the machine stands.
    "set TimeZone = 'UTC'",
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
  return { instance, connection };
}
