import { setTimeout as delay } from "node:timers/promises";
import { compatibilityPartitioner, ProduceAcks, Producer, stringSerializers } from "@platformatic/kafka";
import type { Result, ResultsQueue } from "../ports/results-queue.ts";
import type { KafkaSettings } from "./kafka-settings.ts";
import { openResultsReader, type ResultsReader } from "./results-reader.ts";
import { createTopics } from "./topics.ts";

/** How many results may wait, and how long one writer may have them before another one gets them. */
export type ResultsLimits = { readonly most: number; readonly patienceMs: number };

const usualLimits: ResultsLimits = { most: 10_000, patienceMs: 30_000 };
// How long the last count of what waits, and what was put since, is good for.
const countedForMs = 1_000;
const pauseMs = 1_000;

type Put = { readonly result: Result; readonly resolve: (how: "kept" | "full") => void; readonly reject: Reject };
type Reject = (cause: unknown) => void;

/** Results in the topic `report.results`, keyed by the report's id: in order for each report, not over all. */
export function createKafkaResults(
  settings: KafkaSettings,
  clientId: string,
  { most, patienceMs }: ResultsLimits = usualLimits,
): ResultsQueue & AsyncDisposable {
  const topic = `${settings.prefix}report.results`;
  const topics = createTopics(settings, clientId);
  const producer = new Producer({
    clientId,
    bootstrapBrokers: [...settings.brokers],
    retries: 3,
    retryDelay: 300,
    idempotent: true,
    acks: ProduceAcks.ALL,
    serializers: stringSerializers,
    partitioner: (_, key) => compatibilityPartitioner(_, key),
  });
  let puts: Put[] = [];
  let counted = { waiting: 0, untilMs: 0 };
  let reader: ResultsReader | undefined;
  let mayOpenAtMs = 0;

  async function length(): Promise<number> {
    await topics.ensure(topic);
    return topics.lag(`${topic}.writers`, topic);
  }

  async function room(wanted: number): Promise<number> {
    const isFine = counted.waiting + wanted <= most / 2 && performance.now() < counted.untilMs;
    if (!isFine) counted = { waiting: await length(), untilMs: performance.now() + countedForMs };
    return most - counted.waiting;
  }

  /** Those that come in one turn of the event loop go together. */
  async function putAll(): Promise<void> {
    const group = puts;
    puts = [];
    try {
      const count = Math.max(0, Math.min(group.length, await room(group.length)));
      const [kept, full] = [group.slice(0, count), group.slice(count)];
      if (kept.length > 0) {
        const messages = kept.map(({ result }) => ({ topic, key: result.key.id, value: JSON.stringify(result) }));
        await producer.send({ messages });
        counted = { ...counted, waiting: counted.waiting + kept.length };
      }
      for (const { resolve } of kept) resolve("kept");
      for (const { resolve } of full) resolve("full");
    } catch (cause) {
      for (const { reject } of group) reject(new Error(`kafka ${settings.brokers}: cannot keep results`, { cause }));
    }
  }

  async function currentReader(signal: AbortSignal): Promise<ResultsReader> {
    if (reader && !reader.isOver) return reader;
    const waitMs = Math.max(0, mayOpenAtMs - performance.now());
    await delay(waitMs, undefined, { signal }).catch(() => undefined);
    await topics.ensure(topic);
    mayOpenAtMs = performance.now() + pauseMs;
    reader = openResultsReader(settings.brokers, clientId, topic);
    return reader;
  }

  function leave(from: ResultsReader): void {
    if (reader === from) reader = undefined;
    from.close();
  }

  return {
    put(result, signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      const { promise, resolve, reject } = Promise.withResolvers<"kept" | "full">();
      puts.push({ result, resolve, reject });
      if (puts.length === 1) setImmediate(putAll);
      return promise;
    },
    async take(wanted, signal) {
      while (!signal.aborted) {
        const from = await currentReader(signal);
        const received = from.shift(wanted);
        if (received.length === 0) {
          if (!from.isOver) await from.changed(signal);
          continue;
        }
        // Kafka gives to another writer what belongs to one that has left.
        const late = setTimeout(() => leave(from), patienceMs);
        late.unref();
        return {
          results: received.map(({ result }) => result),
          async done() {
            clearTimeout(late);
            for (const { done } of received) done();
            await from.committed();
          },
        };
      }
      return { results: [], done: async () => undefined };
    },
    async length() {
      return { waiting: await length() };
    },
    async [Symbol.asyncDispose]() {
      await reader?.close();
      await Promise.all([producer.close(true), topics[Symbol.asyncDispose]()]);
    },
  };
}
