import { Consumer, MessagesStreamFallbackModes, MessagesStreamModes, stringDeserializers } from "@platformatic/kafka";
import { createBell } from "../lib/bell.ts";
import type { Result } from "../ports/results-queue.ts";
import { connectionTo } from "./connection.ts";
import type { KafkaSettings } from "./kafka-settings.ts";
import { createOffsetKeeper } from "./offset-keeper.ts";

// What is read ahead of the writer.
const mostAhead = 1_000;
const sessionMs = 10_000;

/** A result that this server has, until its offset is committed. */
export type Received = { readonly result: Result; readonly done: () => void };

/** One member of the group of writers. */
export type ResultsReader = {
  /** Up to so many that have come, oldest first. */
  shift(most: number): readonly Received[];
  /** Returns when something has come, or the reader has ended, or with the signal. */
  changed(signal: AbortSignal): Promise<void>;
  /** Returns when what was done until now is committed, or cannot be. */
  committed(): Promise<void>;
  readonly isOver: boolean;
  /** Gives back what is not done. */
  close(): Promise<void>;
};

export function openResultsReader(settings: KafkaSettings, clientId: string, topic: string): ResultsReader {
  const consumer = new Consumer({
    clientId,
    ...connectionTo(settings),
    groupId: `${topic}.writers`,
    autocommit: false,
    deserializers: stringDeserializers,
    sessionTimeout: sessionMs,
    rebalanceTimeout: 2 * sessionMs,
    heartbeatInterval: 1_000,
    maxWaitTime: 1_000,
    // A writer that comes takes nothing from those that have partitions: what they have in hand would be written twice.
    protocols: [{ name: "cooperative-sticky", version: 1 }],
  });
  const keeper = createOffsetKeeper();
  const commits = new Set<Promise<void>>();
  const inbox: Received[] = [];
  /** Partition and offset of all that is here or with the writer: a rebalance makes Kafka send them again. */
  const open = new Set<string>();
  const closing = new AbortController();
  const changed = createBell();
  let isOver = false;

  async function read(): Promise<void> {
    const mode = MessagesStreamModes.COMMITTED;
    const stream = await consumer.consume({
      topics: [topic],
      mode,
      fallbackMode: MessagesStreamFallbackModes.EARLIEST,
    });
    consumer.on("error", (error: Error) => stream.destroy(error));
    closing.signal.addEventListener("abort", () => stream.destroy(), { once: true });
    for await (const message of closing.signal.aborted ? [] : stream) {
      const place = `${message.partition}/${message.offset}`;
      if (open.has(place)) continue;
      open.add(place);
      const isCommitted = keeper.taken(message.partition, message.offset, () => {
        const commit = Promise.resolve(message.commit())
          .catch(() => undefined)
          .finally(() => commits.delete(commit));
        commits.add(commit);
      });
      const done = () => {
        open.delete(place);
        if (!isOver) isCommitted();
      };
      const result = resultIn(message.value ?? "");
      if (result) inbox.push({ result, done });
      else done();
      changed.ring();
      while (inbox.length >= mostAhead && !closing.signal.aborted) await changed.rung(closing.signal);
    }
  }

  const reading = read()
    .catch(() => undefined)
    .finally(() => {
      isOver = true;
      changed.ring();
      return consumer.close(true).catch(() => undefined);
    });
  return {
    shift(most) {
      const taken = inbox.splice(0, most);
      if (taken.length > 0) changed.ring();
      return taken;
    },
    changed: changed.rung,
    async committed() {
      await Promise.race([Promise.all(commits), reading]);
    },
    get isOver() {
      return isOver;
    },
    async close() {
      closing.abort();
      await reading;
    },
  };
}

/** Whoever may write to the broker decides what is in there; what is none of ours is passed over. */
function resultIn(text: string): Result | undefined {
  try {
    const { key, change } = JSON.parse(text) as Partial<Result>;
    const isOurs = typeof key?.tenant === "string" && typeof key.id === "string" && typeof change?.attempt === "number";
    return isOurs && key && change ? { key, change } : undefined;
  } catch {
    return undefined;
  }
}
