import { setTimeout as delay } from "node:timers/promises";
import { compatibilityPartitioner, ProduceAcks, Producer, stringSerializers } from "@platformatic/kafka";
import type { BrokerNote } from "../broker/broker-note.ts";
import { inOneTurn } from "../lib/in-one-turn.ts";
import {
  noResults,
  type Result,
  type ResultsLimits,
  type ResultsQueue,
  usualResultsLimits,
} from "../ports/results-queue.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import { connectionTo } from "./connection.ts";
import type { KafkaSettings } from "./kafka-settings.ts";
import { createRefusals } from "./refusals.ts";
import { openResultsReader, type ResultsReader } from "./results-reader.ts";
import { sendInPieces } from "./send-in-pieces.ts";
import { createTopics } from "./topics.ts";

// How long the last count of what waits, and what was put since, is good for.
const countedForMs = 1_000;
const pauseMs = 1_000;

/** Results in the topic `report.results`, keyed by the report's id: in order for each report, not over all. */
export function createKafkaResults(
  settings: KafkaSettings,
  clientId: string,
  observe: (note: BrokerNote) => void,
  { most, patienceMs }: ResultsLimits = usualResultsLimits,
): ResultsQueue & AsyncDisposable {
  const topic = `${settings.prefix}report.results`;
  const topics = createTopics(settings, clientId);
  const refusals = createRefusals(settings.brokers, observe);
  const producer = new Producer({
    clientId,
    ...connectionTo(settings),
    retries: 3,
    retryDelay: 300,
    idempotent: true,
    acks: ProduceAcks.ALL,
    serializers: stringSerializers,
    partitioner: (_, key) => compatibilityPartitioner(_, key),
  });
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

  async function putAll(results: readonly Result[]): Promise<readonly ("kept" | "full")[]> {
    try {
      const kept = results.slice(0, Math.max(0, await room(results.length)));
      if (kept.length > 0) {
        const messages = kept.map((result) => ({ topic, key: String(result.key.id), value: JSON.stringify(result) }));
        await sendInPieces(messages, (some) => producer.send({ messages: some }));
        refusals.worked("write", topic);
        counted = { ...counted, waiting: counted.waiting + kept.length };
      }
      return results.map((_, index) => (index < kept.length ? "kept" : "full"));
    } catch (cause) {
      topics.forget(topic);
      const why = refusals.failed("write", topic, cause);
      throw new StoreUnavailable(`kafka ${settings.brokers}: cannot keep results`, pauseMs, why);
    }
  }

  async function currentReader(signal: AbortSignal): Promise<ResultsReader> {
    if (reader && !reader.isOver) return reader;
    const waitMs = Math.max(0, mayOpenAtMs - performance.now());
    await delay(waitMs, undefined, { signal }).catch(() => undefined);
    await topics.ensure(topic);
    mayOpenAtMs = performance.now() + pauseMs;
    reader = openResultsReader(settings, clientId, topic);
    return reader;
  }

  function leave(from: ResultsReader): void {
    if (reader === from) reader = undefined;
    from.close();
  }

  const put = inOneTurn(putAll);
  return {
    async put(result, signal) {
      signal.throwIfAborted();
      // The client tries a request for half a minute, and then again.
      const { promise, reject } = Promise.withResolvers<never>();
      const stop = () => reject(signal.reason);
      signal.addEventListener("abort", stop, { once: true });
      return Promise.race([put(result), promise]).finally(() => signal.removeEventListener("abort", stop));
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
      return noResults;
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
