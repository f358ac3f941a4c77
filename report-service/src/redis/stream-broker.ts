import { randomUUID } from "node:crypto";
import { createClient } from "@redis/client";
import type { Broker, Delivery } from "../broker/broker.ts";
import type { BrokerNote } from "../broker/broker-note.ts";
import { messageOf, parseMessage } from "../broker/message.ts";
import type { Lane } from "../ports/outbox.ts";

/** Which Redis; `prefix` is in front of the names of all streams and may be empty. */
export type RedisStreamSettings = { readonly url: string; readonly prefix: string };

const group = "workers";
// Who has what a server gave back: nobody, so that the next one takes it.
const nobody = "given-back";
const readAhead = 32;
const blockMs = 1_000;
const answerMs = 10_000;
/** A server that had a message for so long without being done with it counts as gone. */
const takeOverMs = 60_000;

type Entry = { readonly id: string; readonly message: Readonly<Record<string, string>> };
type Client = ReturnType<typeof clientOf>;

/**
 * Redis Streams as a broker: a stream `report.tasks.{cluster}.{priority}` for each lane with one consumer group, from
 * which messages are deleted when they are done. Kept over a crash as far as Redis keeps anything: `appendonly yes` with
 * `appendfsync always`; what it loses, the queue finds in the store.
 */
export function createRedisStreamBroker(
  { url, prefix }: RedisStreamSettings,
  observe: (note: BrokerNote) => void,
): Broker {
  const streamOf = ({ cluster, priority }: Lane) => `${prefix}report.tasks.${cluster}.${priority}`;
  const open = new Set<Client>();
  let shared: Promise<Client> | undefined;
  let isOver = false;

  async function connect(): Promise<Client> {
    if (isOver) throw new Error("redis: closed");
    const client = clientOf(url);
    // Whoever waits for an answer hears of it.
    client.on("error", () => undefined);
    open.add(client);
    try {
      await answered(client.connect());
      return client;
    } catch (cause) {
      end(client);
      throw new Error("redis: cannot connect", { cause });
    }
  }

  function end(client: Client): void {
    open.delete(client);
    if (client.isOpen) client.destroy();
  }

  /** The connection of all who do not block; a new one where an answer was missed. */
  async function ask<T>(command: (client: Client) => Promise<T>): Promise<T> {
    shared ??= connect();
    const own = shared;
    try {
      return await answered(command(await own));
    } catch (cause) {
      if (shared === own) shared = undefined;
      own.then(end, () => undefined);
      throw cause;
    }
  }

  async function* read(client: Client, stream: string, consumer: string, signal: AbortSignal): AsyncGenerator<Entry> {
    while (!signal.aborted) {
      const left = await answered(client.xAutoClaim(stream, group, consumer, takeOverMs, "0-0", { COUNT: readAhead }));
      const taken = left.messages.filter((message) => message !== null);
      yield* taken;
      if (taken.length > 0) continue;
      const options = { COUNT: readAhead, BLOCK: blockMs };
      const found = await answered(client.xReadGroup(group, consumer, { key: stream, id: ">" }, options));
      yield* entriesOf(found);
    }
  }

  return {
    async publish(messages) {
      await ask((client) =>
        Promise.all(messages.map((waiting) => client.xAdd(streamOf(waiting), "*", { body: messageOf(waiting) }))),
      );
      return undefined;
    },
    async *receive(lane, signal): AsyncGenerator<Delivery> {
      const stream = streamOf(lane);
      const consumer = randomUUID();
      const client = await connect();
      const inHand = new Set<string>();
      // Wakes who blocks.
      const leave = () => end(client);
      signal.addEventListener("abort", leave, { once: true });
      try {
        await answered(client.xGroupCreate(stream, group, "0", { MKSTREAM: true })).catch(isThere);
        for await (const { id, message } of read(client, stream, consumer, signal)) {
          const done = () => {
            if (!inHand.delete(id)) return;
            // Once it is deleted nobody gets it again, whoever has it; if that fails, it comes once more and is gone.
            void ask((one) => Promise.all([one.xAck(stream, group, id), one.xDel(stream, id)])).catch(() => undefined);
          };
          inHand.add(id);
          const waiting = parseMessage(message["body"] ?? "", lane);
          if (waiting.ok) yield { waiting: waiting.value, done };
          else {
            observe({ kind: "message-unreadable", lane, why: waiting.problems.map(({ says }) => says).join("; ") });
            done();
          }
        }
      } catch (cause) {
        if (!signal.aborted) throw cause;
      } finally {
        signal.removeEventListener("abort", leave);
        end(client);
        // Also what it was sent and did not read: all that is pending for this consumer. Deleting a consumer forgets it.
        await giveBack(stream, consumer).catch(() => undefined);
        inHand.clear();
      }
    },
    lag: (lane) => ask((client) => client.xLen(streamOf(lane))),
    async [Symbol.asyncDispose]() {
      isOver = true;
      for (const client of open) end(client);
    },
  };

  async function giveBack(stream: string, consumer: string): Promise<void> {
    const pending = await ask((client) => client.xPendingRange(stream, group, "-", "+", 10 * readAhead, { consumer }));
    const ids = pending.map(({ id }) => id);
    // So long ago that the next one who looks takes it.
    if (ids.length > 0)
      await ask((client) => client.xClaimJustId(stream, group, nobody, 0, ids, { IDLE: 2 * takeOverMs }));
    await ask((client) => client.xGroupDelConsumer(stream, group, consumer));
  }
}

function clientOf(url: string) {
  return createClient({
    url,
    RESP: 2,
    socket: { connectTimeout: answerMs, reconnectStrategy: false },
    disableOfflineQueue: true,
    commandOptions: { timeout: 0 },
    disableClientInfo: true,
  });
}

function entriesOf(found: unknown): readonly Entry[] {
  const streams = (found ?? []) as readonly { readonly messages: readonly Entry[] }[];
  return streams.flatMap(({ messages }) => messages);
}

/** Any answer in time; a Redis that is halted says nothing, and its connection stays. */
function answered<T>(promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`redis did not answer within ${answerMs} ms`)), answerMs);
    promise.then(resolve, reject).finally(() => clearTimeout(late));
  });
}

function isThere(cause: Error): void {
  if (!/^BUSYGROUP/.test(cause.message)) throw cause;
}
