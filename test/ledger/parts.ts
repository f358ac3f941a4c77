import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { startKafka } from "../kit/kafka.ts";
import { type PostgresServer, startPostgres } from "../kit/postgres.ts";
import { until } from "../kit/wait.ts";
import type { Victims } from "./carry-out.ts";
import type { FaultKind } from "./plan.ts";

/** What the servers of one run stand on, and what can be done to it. */
export type Part = {
  /** What servers are told of it. */
  readonly flags: readonly string[];
  readonly faultKinds: readonly FaultKind[];
  readonly faults: Victims["store"];
} & AsyncDisposable;

export type OpenParts = (folder: string) => Promise<Part>;

/** The parts of these names; undefined where there are none such. */
export function partsOf(store: string, queue: string): OpenParts | undefined {
  const openStore = store === "sqlite" ? openSqlite : store === "postgres" ? openPostgres : undefined;
  const openQueue = queue === "embedded" ? undefined : queue === "kafka" ? openKafka : "unknown";
  if (!openStore || openQueue === "unknown") return undefined;
  if (!openQueue) return openStore;
  return async (folder) => {
    await using opening = new AsyncDisposableStack();
    const [one, two] = [opening.use(await openStore(folder)), opening.use(await openQueue())];
    const opened = opening.move();
    return {
      flags: [...one.flags, ...two.flags],
      faultKinds: [...one.faultKinds, ...two.faultKinds],
      faults: { ...one.faults, ...two.faults },
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    };
  };
}

/**
 * Postgres with a synchronous standby: a commit is answered once it is on both disks, so a failover may lose none. The
 * first server is killed and restarted until it is given up for its standby, which then stands alone.
 */
export const openPostgres: OpenParts = async (folder) => {
  await using opening = new AsyncDisposableStack();
  const primary = opening.use(await startPostgres({ settings: ["fsync=on"] }));
  const standby = opening.use(await primary.standby("standby"));
  // Not as one of the settings, which the standby shares: once promoted it would wait for itself.
  primary.sql("alter system set synchronous_standby_names = 'standby'");
  primary.sql("select pg_reload_conf()");
  let failedOver = false;
  const current = () => (failedOver ? standby : primary);
  const inTurn = oneAtATime();
  const frozen = async (server: PostgresServer, forMs: number) => {
    server.freeze();
    await delay(forMs);
    server.thaw();
  };
  const opened = opening.move();
  return {
    flags: ["--data", join(folder, "data"), "--store", `postgres://weir@${primary.host},${standby.host}/postgres`],
    // Where SQLite is the store, all servers have one clock.
    faultKinds: ["kill-store", "restart-store", "stop-store", "stop-standby", "fail-over-store", "jump-clock"],
    faults: {
      "kill-store": () =>
        inTurn(async () => {
          await current().kill();
          await current().start();
        }),
      "restart-store": () =>
        inTurn(async () => {
          await current().stop();
          await current().start();
        }),
      "stop-store": (forMs) => inTurn(() => frozen(current(), forMs)),
      "stop-standby": (forMs) => inTurn(async () => (failedOver ? undefined : frozen(standby, forMs))),
      "fail-over-store": () =>
        inTurn(async () => {
          if (failedOver) return;
          await primary.kill();
          standby.promote();
          failedOver = true;
        }),
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
};

/** A Kafka broker that is killed, restarted and frozen; a new one's data stay where the killed one's were. */
async function openKafka(): Promise<Part> {
  const kafka = await startKafka();
  const again = async (signal: "SIGTERM" | "SIGKILL") => {
    await kafka.stop(signal);
    await kafka.start();
  };
  const inTurn = oneAtATime();
  return {
    flags: ["--queue", `kafka://${kafka.address}`],
    faultKinds: ["kill-broker", "stop-broker"],
    faults: {
      "kill-broker": () => inTurn(() => again("SIGKILL")),
      "stop-broker": () =>
        inTurn(async () => {
          kafka.freeze();
          await delay(frozenMs);
          kafka.thaw();
        }),
    },
    [Symbol.asyncDispose]: () => kafka[Symbol.asyncDispose](),
  };
}

const frozenMs = 3_000;

/** Faults of one part wait for each other: what restarts cannot be killed yet. */
function oneAtATime(): (work: () => Promise<void>) => Promise<void> {
  let last = Promise.resolve();
  return (work) => {
    last = last.then(work);
    return last;
  };
}

/** The embedded store. Its disk is paused by holding the lock that every write takes, as a sync that hangs would. */
export const openSqlite: OpenParts = async (folder) => {
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
