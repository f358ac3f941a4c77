import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { lacksCassandra, startCassandra } from "../kit/cassandra.ts";
import { lacksKafka, startKafka } from "../kit/kafka.ts";
import { lacksPostgres, type PostgresServer, startPostgres } from "../kit/postgres.ts";
import { lacksRedis, startRedis } from "../kit/redis.ts";
import type { Restartable } from "../kit/restartable.ts";
import { lacksS3, startS3 } from "../kit/s3.ts";
import { until } from "../kit/wait.ts";
import type { Victims } from "./carry-out.ts";
import type { FaultKind } from "./plan.ts";

/** What the servers of one run stand on, and what can be done to it. */
export type Part = {
  /** What servers are told of it. */
  readonly flags: readonly string[];
  readonly faultKinds: readonly FaultKind[];
  /** Groups of further ones, whose draws are their own. */
  readonly besides: readonly (readonly FaultKind[])[];
  readonly faults: Victims["store"];
} & AsyncDisposable;

export type OpenParts = (folder: string) => Promise<Part>;

export type PartNames = {
  readonly store: string;
  readonly queue: string;
  readonly objects: string;
  readonly cache: string;
};

const openers: { readonly [K in keyof PartNames]: Readonly<Record<string, OpenParts | undefined>> } = {
  store: {
    sqlite: (folder) => openSqlite(folder),
    postgres: (folder) => openPostgres(folder),
    cassandra: openCassandra,
  },
  queue: { embedded: nothing, kafka: openKafka },
  objects: { disk: nothing, s3: openS3 },
  cache: { memory: nothing, redis: openRedis },
};

const lacks: Readonly<Record<string, string | false | undefined>> = {
  postgres: lacksPostgres,
  cassandra: lacksCassandra,
  kafka: lacksKafka,
  s3: lacksS3,
  redis: lacksRedis,
};

/** Why those of these names cannot be started here. */
export function lackingOf(names: PartNames): readonly string[] {
  return Object.values(names).flatMap((name) => lacks[name] || []);
}

/** The parts of these names; undefined where one is of no such name. */
export function partsOf(names: PartNames): OpenParts | undefined {
  const wanted = (["store", "queue", "objects", "cache"] as const).map((which) => openers[which][names[which]]);
  if (wanted.some((open) => open === undefined)) return undefined;
  return async (folder) => {
    await using opening = new AsyncDisposableStack();
    const parts: Part[] = [];
    for (const open of wanted) if (open) parts.push(opening.use(await open(folder)));
    const opened = opening.move();
    return {
      flags: parts.flatMap(({ flags }) => flags),
      faultKinds: parts.flatMap(({ faultKinds }) => faultKinds),
      besides: parts.flatMap(({ besides }) => besides),
      faults: Object.assign({}, ...parts.map(({ faults }) => faults)) as Part["faults"],
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    };
  };
}

async function nothing(): Promise<Part> {
  return { flags: [], faultKinds: [], besides: [], faults: {}, async [Symbol.asyncDispose]() {} };
}

/** One Cassandra node, which syncs each write before it answers, and takes a while to start again. */
async function openCassandra(folder: string): Promise<Part> {
  const cassandra = await startCassandra();
  const [node] = cassandra.nodes;
  const inTurn = oneAtATime();
  return {
    flags: ["--data", join(folder, "data"), "--store", `cassandra://${node?.address}/reports?datacenter=dc-a`],
    faultKinds: ["kill-store"],
    besides: [],
    faults: {
      "kill-store": () =>
        inTurn(async () => {
          await node?.kill();
          await node?.start();
        }),
    },
    [Symbol.asyncDispose]: () => cassandra[Symbol.asyncDispose](),
  };
}

/** S3 that is killed and comes back, and that hangs: in the middle of what servers and clients send there. */
async function openS3(): Promise<Part> {
  const s3 = await startS3();
  const { url, credentials } = s3;
  return {
    flags: ["--objects", "s3", "--s3-bucket", `${url}/reports`, "--s3-credentials", credentials],
    ...restartedAndFrozen(s3, "kill-objects", "stop-objects"),
  };
}

/** Redis, which holds allowances, finished reports and progress, and forgets them with each end. */
async function openRedis(): Promise<Part> {
  const redis = await startRedis();
  return {
    flags: ["--cache", redis.url, "--bulletin", redis.url],
    ...restartedAndFrozen(redis, "kill-cache", "stop-cache"),
  };
}

function restartedAndFrozen<
  Kill extends FaultKind & keyof Part["faults"],
  Stop extends FaultKind & keyof Part["faults"],
>(part: Restartable, kill: Kill, stop: Stop): Omit<Part, "flags"> {
  const inTurn = oneAtATime();
  const faults: Part["faults"] = {
    [kill]: (forMs: number) =>
      inTurn(async () => {
        await part.stop("SIGKILL");
        await delay(forMs);
        await part.start();
      }),
    [stop]: (forMs: number) =>
      inTurn(async () => {
        part.freeze();
        await delay(forMs);
        part.thaw();
      }),
  };
  return {
    ...{ faultKinds: [], besides: [[kill, stop]], faults },
    [Symbol.asyncDispose]: () => part[Symbol.asyncDispose](),
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
    besides: [],
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
    besides: [],
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
    besides: [],
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
