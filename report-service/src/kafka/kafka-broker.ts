import { setTimeout as delay } from "node:timers/promises";
import {
  Consumer,
  compatibilityPartitioner,
  MessagesStreamFallbackModes,
  MessagesStreamModes,
  ProduceAcks,
  Producer,
  stringDeserializers,
  stringSerializers,
} from "@platformatic/kafka";
import type { Broker, Delivery, Refused } from "../broker/broker.ts";
import type { BrokerNote } from "../broker/broker-note.ts";
import { messageOf, parseMessage } from "../broker/message.ts";
import type { Lane, Waiting } from "../ports/outbox.ts";
import { connectionTo } from "./connection.ts";
import type { KafkaSettings } from "./kafka-settings.ts";
import { createOffsetKeeper } from "./offset-keeper.ts";
import { createRefusals, isAnswer } from "./refusals.ts";
import { sendInPieces } from "./send-in-pieces.ts";
import { createTopics } from "./topics.ts";

/** A server that does not answer for so long has lost its partitions to the others. */
const sessionMs = 10_000;
const patienceAtEndMs = 2_000;

/** Kafka as a broker: a topic `report.tasks.{cluster}.{priority}` for each lane, keyed by the report's id. */
export function createKafkaBroker(
  settings: KafkaSettings,
  clientId: string,
  observe: (note: BrokerNote) => void,
): Broker {
  const common = {
    clientId,
    ...connectionTo(settings),
    timeout: 5_000,
    connectTimeout: 3_000,
    retries: 3,
    retryDelay: 300,
  };
  const topics = createTopics(settings, clientId);
  const refusals = createRefusals(settings.brokers, observe);
  const producer = new Producer({
    ...common,
    idempotent: true,
    acks: ProduceAcks.ALL,
    serializers: stringSerializers,
    // As Kafka's own clients spread keys, so that their tools agree.
    partitioner: (_, key) => compatibilityPartitioner(_, key),
  });
  const topicOf = ({ cluster, priority }: Lane) => `${settings.prefix}report.tasks.${cluster}.${priority}`;
  const groupOf = (lane: Lane) => `${topicOf(lane)}.workers`;

  /** What was not sent, the first of them and what follows: the lane keeps its order. */
  async function publishTo(
    topic: string,
    some: readonly Waiting[],
  ): Promise<(Refused & { readonly isOfLane: boolean }) | undefined> {
    let sent = 0;
    try {
      await topics.ensure(topic);
      const all = some.map((waiting) => ({ topic, key: String(waiting.id), value: messageOf(waiting) }));
      await sendInPieces(all, async (piece) => {
        await producer.send({ messages: piece });
        sent += piece.length;
      });
      refusals.worked("write", topic);
      return undefined;
    } catch (cause) {
      topics.forget(topic);
      const messages = some.slice(sent);
      return { messages, cause: refusals.failed("write", topic, cause), isOfLane: isAnswer(cause) };
    }
  }

  return {
    async publish(messages) {
      const lanes = [...Map.groupBy(messages, topicOf)];
      const answers = await Promise.all(lanes.map(([topic, some]) => publishTo(topic, some)));
      const refused = answers.filter((answer) => answer !== undefined);
      const [first] = refused;
      if (!first) return undefined;
      // One that is away says nothing about any of them.
      if (refused.length === lanes.length && !refused.some(({ isOfLane }) => isOfLane)) throw first.cause;
      return { messages: refused.flatMap((each) => each.messages), cause: first.cause };
    },
    async *receive(lane, signal) {
      const topic = topicOf(lane);
      await topics.ensure(topic).catch((cause: unknown) => {
        throw refusals.failed("read", topic, cause);
      });
      const consumer = new Consumer({
        ...common,
        groupId: groupOf(lane),
        autocommit: false,
        sessionTimeout: sessionMs,
        rebalanceTimeout: 2 * sessionMs,
        heartbeatInterval: sessionMs / 5,
        deserializers: stringDeserializers,
        // What is read ahead is kept from other servers, and in memory.
        highWaterMark: 32,
        maxBytesPerPartition: 16 * 1_024,
        maxWaitTime: 1_000,
      });
      const keeper = createOffsetKeeper();
      const commits = new Set<Promise<void>>();
      const commit = (message: { commit(): void | Promise<void> }) => {
        // One that fails is made up for by the next, or the messages come again.
        const done = Promise.resolve(message.commit())
          .catch(() => undefined)
          .finally(() => commits.delete(done));
        commits.add(done);
      };
      consumer.on("consumer:group:join", () => keeper.forget());
      try {
        const stream = await consumer.consume({
          topics: [topic],
          mode: MessagesStreamModes.COMMITTED,
          // Also where the broker no longer has what was committed (offset out of range): it goes on with what it has.
          fallbackMode: MessagesStreamFallbackModes.EARLIEST,
        });
        consumer.on("error", (error: Error) => stream.destroy(error));
        signal.addEventListener("abort", () => stream.destroy(), { once: true });
        if (signal.aborted) return;
        refusals.worked("read", topic);
        for await (const message of stream) {
          const done = keeper.taken(message.partition, message.offset, () => commit(message));
          const delivery = deliveryOf(message.value, lane, done, observe);
          if (delivery) yield delivery;
        }
      } catch (cause) {
        throw refusals.failed("read", topic, cause);
      } finally {
        await Promise.all(commits);
        // By itself, close() lets a join that is under way go on (2.12.1), whose heartbeats then never end.
        const left = Promise.resolve(consumer.leaveGroup(true)).catch(() => undefined);
        await Promise.race([left, delay(patienceAtEndMs, undefined, { ref: false })]);
        await consumer.close(true).catch(() => undefined);
      }
    },
    lag: (lane) => topics.lag(groupOf(lane), topicOf(lane)),
    async [Symbol.asyncDispose]() {
      await Promise.all([producer.close(true), topics[Symbol.asyncDispose]()]);
    },
  };
}

function deliveryOf(
  text: string | undefined,
  lane: Lane,
  done: () => void,
  observe: (note: BrokerNote) => void,
): Delivery | undefined {
  const waiting = parseMessage(text ?? "", lane);
  if (waiting.ok) return { waiting: waiting.value, done };
  observe({ kind: "message-unreadable", lane, why: waiting.problems.map(({ says }) => says).join("; ") });
  done();
  return undefined;
}
