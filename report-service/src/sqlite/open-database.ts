import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { migrations } from "./schema.ts";

/** How long a statement waits for the write lock of another process. Writers hold it for well under a millisecond. */
const busyTimeoutMs = 5_000;

/** Opens the store's file, creating it and bringing it up to date as needed; several processes may do so at once. */
export function openDatabase(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    enterWal(database);
    // A create that was answered must outlive a power cut; in WAL mode that takes FULL (https://sqlite.org/wal.html).
    database.exec("pragma synchronous = full; pragma foreign_keys = on");
    migrate(database, path);
    return database;
  } catch (cause) {
    database.close();
    throw new Error(`cannot open the report store ${path}: ${(cause as Error).message}`, { cause });
  }
}

/** Runs `work` under the write lock, taken at once: a lock taken later, on the first write, cannot be waited for. */
export function transact<T>(database: DatabaseSync, work: () => T): T {
  database.exec("begin immediate");
  try {
    const result = work();
    database.exec("commit");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("rollback");
    throw error;
  }
}

// Entering WAL needs the file alone, and SQLite does not wait for that with the busy timeout: nine servers that start
// together would see "database is locked".
function enterWal(database: DatabaseSync): void {
  for (let triesLeft = 100; ; triesLeft -= 1) {
    try {
      database.exec("pragma journal_mode = wal");
      return;
    } catch (error) {
      if (triesLeft === 0) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

function migrate(database: DatabaseSync, path: string): void {
  if (versionOf(database) === migrations.length) return;
  transact(database, () => {
    const version = versionOf(database);
    if (version > migrations.length) {
      throw new Error(`${path} was written by a newer version (schema ${version}, known are ${migrations.length})`);
    }
    for (const migration of migrations.slice(version)) database.exec(migration);
    database.exec(`pragma user_version = ${migrations.length}`);
  });
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare("pragma user_version").get()?.["user_version"]);
}
