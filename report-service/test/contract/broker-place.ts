import { join } from "node:path";
import type { Broker } from "../../src/broker/broker.ts";
import type { BrokerNote } from "../../src/broker/broker-note.ts";
import { type BrokerQueue, createBrokerQueue, type Looks } from "../../src/broker/broker-queue.ts";
import { createKafkaBroker } from "../../src/kafka/kafka-broker.ts";
import type { HasOutbox } from "../../src/ports/outbox.ts";
import { createRabbitMqBroker } from "../../src/rabbitmq/rabbitmq-broker.ts";
import { createRedisStreamBroker } from "../../src/redis/stream-broker.ts";
import { openStore } from "../../src/sqlite/open-store.ts";
import { temporaryDirectory } from "../server-process.ts";
import type { Connected, OpenPlace } from "./place.ts";
import { connect as connectPostgres } from "./postgres-place.ts";

/** Which broker, and which topics or queues in it. */
export type BrokerAddress = {
  readonly kind: "kafka" | "rabbitmq" | "redis";
  /** `127.0.0.1:port` `amqp://127.0.0.1:port` or `redis://127.0.0.1:port` */
  readonly at: string;
  readonly prefix: string;
};

/** Which database is behind a broker: a file, or the URL of an empty one in Postgres. */
export type DatabaseAddress = { readonly kind: "sqlite" | "postgres"; readonly at: string };

/** An empty database for the servers of one test. */
export type OpenDatabase = () => Promise<{ readonly address: DatabaseAddress } & AsyncDisposable>;

export async function openSqliteDatabase() {
  const directory = await temporaryDirectory();
  const address: DatabaseAddress = { kind: "sqlite", at: join(directory.path, "reports.db") };
  return { address, [Symbol.asyncDispose]: directory[Symbol.asyncDispose] };
}

/** Those that `postgresPlaces` makes; they go with their Postgres. */
export function postgresDatabases({ emptyDatabase }: { emptyDatabase(): Promise<string> }): OpenDatabase {
  return async () => {
    const address: DatabaseAddress = { kind: "postgres", at: await emptyDatabase() };
    return { address, [Symbol.asyncDispose]: async () => undefined };
  };
}

export function connectBroker({ kind, at, prefix }: BrokerAddress, observe: (note: BrokerNote) => void): Broker {
  if (kind === "rabbitmq") return createRabbitMqBroker({ url: at, prefix }, observe);
  if (kind === "redis") return createRedisStreamBroker({ url: at, prefix }, observe);
  return createKafkaBroker({ brokers: [at], prefix, partitions: 4, replicas: 1 }, "contract", observe);
}

/** An empty database, and topics or queues of its own in that broker. */
export function brokerPlaces(address: () => BrokerAddress, openDatabase: OpenDatabase = openSqliteDatabase): OpenPlace {
  return async () => {
    const database = await openDatabase();
    const argument = JSON.stringify({ database: database.address, address: address() });
    return {
      connect: () => connect(argument),
      elsewhere: { module: new URL(import.meta.url), argument },
      [Symbol.asyncDispose]: database[Symbol.asyncDispose],
    };
  };
}

export async function connect(argument: string): Promise<Connected> {
  const { database, address } = JSON.parse(argument) as { database: DatabaseAddress; address: BrokerAddress };
  return connectServer(
    database,
    connectBroker(address, () => undefined),
  );
}

export type ServerParts = {
  readonly looks?: Looks;
  readonly observe?: (note: BrokerNote) => void;
  /** Stands in for the store's own. */
  readonly openOutbox?: (store: HasOutbox) => HasOutbox["openOutbox"];
};

/** One server over a database and a broker. */
export async function connectServer(
  database: DatabaseAddress,
  broker: Broker,
  { looks, observe = () => undefined, openOutbox }: ServerParts = {},
): Promise<Connected & { readonly queue: BrokerQueue }> {
  const store = await openDatabaseStore(database);
  const stores = { ...store, openOutbox: openOutbox?.(store) ?? store.openOutbox };
  const queue = await createBrokerQueue(stores, broker, observe, looks);
  return {
    ...store,
    queue,
    async [Symbol.asyncDispose]() {
      await queue[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

async function openDatabaseStore({ kind, at }: DatabaseAddress): Promise<Connected & HasOutbox> {
  if (kind === "postgres") return connectPostgres(at);
  const store = openStore(at);
  return { ...store, [Symbol.asyncDispose]: async () => store[Symbol.dispose]() };
}
