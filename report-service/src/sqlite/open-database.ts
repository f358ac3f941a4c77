import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Database, databaseOver, transactNow } from "./database.ts";
import { migrations } from "./schema.ts";

/** How long opening waits for other processes that open the same file; nobody is served yet. */
const openTimeoutMs = 5_000;
// How long a statement holds the event loop for the lock of another process. Writers hold it for a few milliseconds, which
// is what a synced commit takes; readers meet a lock only while what a crashed process left is recovered. What takes longer
// is waited for in `transact`.
const busyTimeoutMs = 10;

/** Opens the store's file, creating it and bringing it up to date as needed; several processes may do so at once. */
export function openDatabase(path: string): Database {
  mkdirSync(dirname(path), { recursive: true });
  const connection = new DatabaseSync(path, { timeout: openTimeoutMs });
  try {
    enterWal(connection);
    // A create that was answered must outlive a power cut; in WAL mode that takes FULL (https://sqlite.org/wal.html).
    connection.exec("pragma synchronous = full; pragma foreign_keys = on");
    migrate(connection, path);
    connection.exec(`pragma busy_timeout = ${busyTimeoutMs}`);
    return databaseOver(connection);
  } catch (cause) {
    connection.close();
    throw new Error(`cannot open the report store ${path}: ${(cause as Error).message}`, { cause });
  }
}

// Entering WAL needs the file alone, and SQLite does not wait for that with the busy timeout: nine servers that start
// together would see "database is locked".
function enterWal(connection: DatabaseSync): void {
  for (let triesLeft = 100; ; triesLeft -= 1) {
    try {
      connection.exec("pragma journal_mode = wal");
      return;
    } catch (error) {
      if (triesLeft === 0) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

function migrate(connection: DatabaseSync, path: string): void {
  if (versionOf(connection) === migrations.length) return;
  transactNow(connection, () => {
    const version = versionOf(connection);
    if (version > migrations.length) {
      throw new Error(`${path} was written by a newer version (schema ${version}, known are ${migrations.length})`);
    }
    for (const migration of migrations.slice(version)) connection.exec(migration);
    connection.exec(`pragma user_version = ${migrations.length}`);
  });
}

function versionOf(connection: DatabaseSync): number {
  return Number(connection.prepare("pragma user_version").get()?.["user_version"]);
}
