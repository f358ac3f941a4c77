import type { Broker } from "../../src/broker/broker.ts";
import type { BrokerNote } from "../../src/broker/broker-note.ts";
import { type BrokerQueue, createBrokerQueue, type Looks } from "../../src/broker/broker-queue.ts";
import { createKafkaBroker } from "../../src/kafka/kafka-broker.ts";
import type { HasOutbox } from "../../src/ports/outbox.ts";
import { createRabbitMqBroker } from "../../src/rabbitmq/rabbitmq-broker.ts";
import { createRedisStreamBroker } from "../../src/redis/stream-broker.ts";
import { openStore } from "../../src/sqlite/open-store.ts";
import type { Connected, OpenPlace } from "./place.ts";
import { openSqlitePlace } from "./sqlite-place.ts";

/** Which broker, and which topics or queues in it. */
export type BrokerAddress = {
  readonly kind: "kafka" | "rabbitmq" | "redis";
  /** `127.0.0.1:port` `amqp://127.0.0.1:port` or `redis://127.0.0.1:port` */
  readonly at: string;
  readonly prefix: string;
};

export function connectBroker({ kind, at, prefix }: BrokerAddress, observe: (note: BrokerNote) => void): Broker {
  if (kind === "rabbitmq") return createRabbitMqBroker({ url: at, prefix }, observe);
  if (kind === "redis") return createRedisStreamBroker({ url: at, prefix }, observe);
  return createKafkaBroker({ brokers: [at], prefix, partitions: 4, replicas: 1 }, "contract", observe);
}

/** A SQLite file, and topics or queues of its own in that broker. */
export function brokerPlaces(address: () => BrokerAddress): OpenPlace {
  return async () => {
    const place = await openSqlitePlace();
    const argument = JSON.stringify({ path: place.elsewhere?.argument, address: address() });
    return {
      connect: () => connect(argument),
      elsewhere: { module: new URL(import.meta.url), argument },
      [Symbol.asyncDispose]: place[Symbol.asyncDispose],
    };
  };
}

export async function connect(argument: string): Promise<Connected> {
  const { path, address } = JSON.parse(argument) as { path: string; address: BrokerAddress };
  return connectServer(
    path,
    connectBroker(address, () => undefined),
  );
}

export type ServerParts = {
  readonly looks?: Looks;
  readonly observe?: (note: BrokerNote) => void;
  /** Stands in for the store's own. */
  readonly openOutbox?: (store: HasOutbox) => HasOutbox["openOutbox"];
};

/** One server over a SQLite file and a broker. */
export async function connectServer(
  path: string,
  broker: Broker,
  { looks, observe = () => undefined, openOutbox }: ServerParts = {},
): Promise<Connected & { readonly queue: BrokerQueue }> {
  const store = openStore(path);
  const stores = { ...store, openOutbox: openOutbox?.(store) ?? store.openOutbox };
  const queue = await createBrokerQueue(stores, broker, observe, looks);
  return {
    ...store,
    queue,
    async [Symbol.asyncDispose]() {
      await queue[Symbol.asyncDispose]();
      store[Symbol.dispose]();
    },
  };
}
