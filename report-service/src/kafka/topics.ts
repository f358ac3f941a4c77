import { Admin, findErrorBy, ListOffsetTimestamps } from "@platformatic/kafka";
import { connectionTo } from "./connection.ts";
import type { KafkaSettings } from "./kafka-settings.ts";

/** Topics and consumer groups of one Kafka cluster. */
export type Topics = {
  /** Makes the topic unless it is there; asks the cluster once, and again after `forget`. */
  ensure(topic: string): Promise<void>;
  /** It may have been deleted. */
  forget(topic: string): void;
  /** How many messages of a topic the group has not committed yet. */
  lag(group: string, topic: string): Promise<number>;
} & AsyncDisposable;

export function createTopics(settings: KafkaSettings, clientId: string): Topics {
  const admin = new Admin({ clientId, ...connectionTo(settings), retries: 3, retryDelay: 300 });
  const ensured = new Map<string, Promise<void>>();

  async function create(topic: string): Promise<void> {
    const { partitions, replicas } = settings;
    // Messages that nobody came for in a week are of reports that the store still has.
    const configs = [{ name: "retention.ms", value: String(7 * 86_400_000) }];
    try {
      await admin.createTopics({ topics: [topic], partitions, replicas, configs });
    } catch (cause) {
      if (findErrorBy(cause as Error, "apiId", "TOPIC_ALREADY_EXISTS")) return;
      // Who may make none is not told that it is there.
      const there = await partitionsOf(topic).catch(() => 0);
      if (there === 0) throw new Error(`kafka ${settings.brokers}: topic ${topic} cannot be made`, { cause });
    }
  }

  async function partitionsOf(topic: string): Promise<number> {
    const metadata = await admin.metadata({ topics: [topic] });
    return metadata.topics.get(topic)?.partitionsCount ?? 0;
  }

  async function ends(topic: string): Promise<ReadonlyMap<number, bigint>> {
    const partitions = Array.from({ length: await partitionsOf(topic) }, (_, partitionIndex) => ({
      partitionIndex,
      timestamp: ListOffsetTimestamps.LATEST,
    }));
    const [listed] = await admin.listOffsets({ topics: [{ name: topic, partitions }] });
    return new Map(listed?.partitions.map(({ partitionIndex, offset }) => [partitionIndex, offset]));
  }

  async function committed(group: string, topic: string): Promise<ReadonlyMap<number, bigint>> {
    const [found] = await admin.listConsumerGroupOffsets({ groups: [group] });
    const own = found?.topics.find(({ name }) => name === topic);
    return new Map(own?.partitions.map((each) => [each.partitionIndex, each.committedOffset]));
  }

  return {
    ensure(topic) {
      const known = ensured.get(topic);
      if (known) return known;
      const creating = create(topic);
      ensured.set(topic, creating);
      creating.catch(() => ensured.delete(topic));
      return creating;
    },
    forget: (topic) => void ensured.delete(topic),
    async lag(group, topic) {
      const [last, done] = await Promise.all([ends(topic), committed(group, topic)]);
      let lag = 0n;
      for (const [partition, end] of last) {
        const from = done.get(partition) ?? 0n;
        lag += end - (from < 0n ? 0n : from);
      }
      return Number(lag);
    },
    async [Symbol.asyncDispose]() {
      await admin.close();
    },
  };
}
