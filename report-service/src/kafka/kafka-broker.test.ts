import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { Admin } from "@platformatic/kafka";
import { type Kafka, lacksKafka, noLongTests, startKafka } from "../../../test/kit/kafka.ts";
import { startLosingLine } from "../../../test/kit/losing-line.ts";
import { until } from "../../../test/kit/wait.ts";
import { connectBroker } from "../../test/contract/broker-place.ts";
import { report } from "../../test/contract/place.ts";
import type { Broker } from "../broker/broker.ts";

const lane = { cluster: "sql", priority: "standard" } as const;
const patienceMs = 60_000;
const skip = lacksKafka || noLongTests;
let kafka: Kafka;
before(async () => {
  if (!skip) kafka = await startKafka();
});
after(() => kafka?.[Symbol.asyncDispose]());

test("the lag is what was published and is not done", { skip }, async () => {
  await using broker = connect(randomUUID());
  await publish(broker, ["a", "b", "c"]);
  assert.equal(await broker.lag(lane), 3);
  const { value: first, end } = await receiveOne(broker);
  assert.equal(await broker.lag(lane), 3);
  first.done();
  await until(async () => (await broker.lag(lane)) === 2, { within: patienceMs, what: "an offset committed" });
  await end();
});

test("messages that the broker has dropped are passed over, and what it still has is received", { skip }, async () => {
  const prefix = randomUUID();
  await using broker = connect(prefix);
  // Enough for each partition to have some.
  const some = (letter: string) => Array.from({ length: 16 }, (_, index) => `${letter}${index}`);
  await publish(broker, some("a"));
  await receive(broker, 16);
  await until(async () => (await broker.lag(lane)) === 0, { within: patienceMs, what: "all offsets committed" });
  await publish(broker, some("b"));
  // What was committed is out of range now.
  await dropAll(`${prefix}.report.tasks.sql.standard`);
  await publish(broker, some("c"));
  assert.deepEqual((await receive(broker, 16)).toSorted(), some("c").toSorted());
});

test("a message whose confirmation was lost on the way is there once", { skip }, async () => {
  await using line = await startLosingLine();
  await using behind = await startKafka("kafka-behind", line.address);
  line.lead(behind.address);
  await using broker = connect(randomUUID(), line.address);
  await publish(broker, ["before"]);
  const lost = line.loseAnswerTo("reports/doubtful");
  await publish(broker, ["doubtful"]);
  await lost;
  await publish(broker, ["after"]);
  assert.equal(await broker.lag(lane), 3);
});

function connect(prefix: string, at = kafka.address): Broker {
  return connectBroker({ kind: "kafka", at, prefix: `${prefix}.` }, () => undefined);
}

async function publish(broker: Broker, ids: readonly string[]): Promise<void> {
  // One by one, so that each is a batch of its own.
  for (const id of ids) await broker.publish([{ ...report(id, 1), ...lane }]);
}

async function receiveOne(broker: Broker) {
  const leaving = new AbortController();
  const deliveries = broker.receive(lane, leaving.signal)[Symbol.asyncIterator]();
  const { value } = await deliveries.next();
  assert.ok(value);
  return {
    value,
    async end() {
      leaving.abort();
      await deliveries.return?.();
    },
  };
}

/** The ids of so many, each done at once. */
async function receive(broker: Broker, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { waiting, done } of broker.receive(lane, AbortSignal.timeout(patienceMs))) {
    done();
    ids.push(waiting.id);
    if (ids.length === count) break;
  }
  return ids;
}

/** As when messages grew older than the topic keeps them. */
async function dropAll(topic: string): Promise<void> {
  const admin = new Admin({ clientId: "operator", bootstrapBrokers: [kafka.address] });
  try {
    const metadata = await admin.metadata({ topics: [topic] });
    const count = metadata.topics.get(topic)?.partitionsCount ?? 0;
    // -1 stands for all that is there.
    const partitions = Array.from({ length: count }, (_, partition) => ({ partition, offset: -1n }));
    await admin.deleteRecords({ topics: [{ name: topic, partitions }] });
  } finally {
    await admin.close();
  }
}
