import { randomUUID } from "node:crypto";
import { createBrokerQueue } from "../../src/broker/broker-queue.ts";
import { createKafkaBroker } from "../../src/kafka/kafka-broker.ts";
import { openStore } from "../../src/sqlite/open-store.ts";
import type { Connected, OpenPlace } from "./place.ts";
import { openSqlitePlace } from "./sqlite-place.ts";

/** A SQLite file and topics of its own in that Kafka. */
export function kafkaPlaces(address: () => string): OpenPlace {
  return async () => {
    const place = await openSqlitePlace();
    const argument = JSON.stringify({ path: place.elsewhere?.argument, address: address(), prefix: randomUUID() });
    return {
      connect: () => connect(argument),
      elsewhere: { module: new URL(import.meta.url), argument },
      [Symbol.asyncDispose]: place[Symbol.asyncDispose],
    };
  };
}

export async function connect(argument: string): Promise<Connected> {
  const { path, address, prefix } = JSON.parse(argument);
  const store = openStore(path);
  const settings = { brokers: [address], prefix: `${prefix}.`, partitions: 4, replicas: 1 };
  const broker = createKafkaBroker(settings, "contract", () => undefined);
  const queue = await createBrokerQueue(store, broker, () => undefined);
  return {
    ...store,
    queue,
    async [Symbol.asyncDispose]() {
      await queue[Symbol.asyncDispose]();
      store[Symbol.dispose]();
    },
  };
}
