import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { until } from "../kit/wait.ts";
import type { Victims } from "./carry-out.ts";
import type { FaultKind } from "./plan.ts";

/** A store for the servers of one run, and what can be done to it. */
export type Store = {
  /** What servers are to be told of it. */
  readonly flags: readonly string[];
  readonly faultKinds: readonly FaultKind[];
  readonly faults: Victims["store"];
} & AsyncDisposable;

export type OpenStore = (folder: string) => Promise<Store>;

/** The embedded store. Its disk is paused by holding the lock that every write takes, as a sync that hangs would. */
export const openSqlite: OpenStore = async (folder) => {
  const data = join(folder, "data");
  return {
    flags: ["--data", data],
    faultKinds: ["hold-store"],
    faults: { "hold-store": (forMs) => holdStore(join(data, "reports.db"), forMs) },
    async [Symbol.asyncDispose]() {},
  };
};

async function holdStore(file: string, forMs: number): Promise<void> {
  // Without waiting for the lock in here: this process must go on to wake those that it has stopped.
  const database = new DatabaseSync(file, { timeout: 0 });
  const lock = () => {
    database.exec("begin immediate");
    return true;
  };
  try {
    await until(lock, { within: 20_000, what: "the store's lock", everyMs: 5 });
    await delay(forMs);
    database.exec("rollback");
  } finally {
    database.close();
  }
}
