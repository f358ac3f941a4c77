import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { type Channel, type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect } from "amqplib";
import type { Broker } from "../broker/broker.ts";
import type { BrokerNote } from "../broker/broker-note.ts";
import { messageOf, parseMessage } from "../broker/message.ts";
import type { Lane } from "../ports/outbox.ts";
import { createInbox } from "./inbox.ts";
import type { RabbitMqSettings } from "./rabbitmq-settings.ts";

/** Messages of a lane that one server may have before it is done with one of them. */
const prefetch = 32;
const connectMs = 10_000;
const closeMs = 1_000;
// A broker that says nothing for two of these counts as gone: whoever waits for it is told so.
const heartbeatSeconds = 5;

type Connected = {
  readonly connection: ChannelModel;
  readonly publisher: ConfirmChannel;
  readonly declared: Map<string, Promise<unknown>>;
};

/** RabbitMQ as a broker: a quorum queue `report.tasks.{cluster}.{priority}` for each lane. */
export function createRabbitMqBroker(settings: RabbitMqSettings, observe: (note: BrokerNote) => void): Broker {
  const queueOf = ({ cluster, priority }: Lane) => `${settings.prefix}report.tasks.${cluster}.${priority}`;
  let current: Promise<Connected> | undefined;

  /** One connection, for all who come while it lasts. */
  function connected(): Promise<Connected> {
    current ??= open().catch((cause: Error) => {
      current = undefined;
      throw new Error(`rabbitmq ${withoutPassword(settings.url)}: cannot connect`, { cause });
    });
    return current;
  }

  async function open(): Promise<Connected> {
    const url = new URL(settings.url);
    url.searchParams.set("heartbeat", String(heartbeatSeconds));
    const connection = await connect(url.href, { timeout: connectMs });
    // Whoever waits for something of this connection hears of its end there.
    connection.on("error", () => undefined);
    connection.on("close", () => {
      current = undefined;
    });
    const publisher = await connection.createConfirmChannel();
    publisher.on("error", () => connection.close().catch(() => undefined));
    return { connection, publisher, declared: new Map() };
  }

  function declare({ declared, publisher }: Connected, queue: string): Promise<unknown> {
    const known = declared.get(queue);
    if (known) return known;
    const declaring = publisher.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "quorum" } });
    declared.set(queue, declaring);
    return declaring;
  }

  return {
    async publish(messages) {
      const open = await connected();
      await Promise.all([...new Set(messages.map(queueOf))].map((queue) => declare(open, queue)));
      const { publisher, declared } = open;
      const returned = new Set<string>();
      const hear = ({ fields }: { fields: { routingKey: string } }) => void returned.add(fields.routingKey);
      publisher.on("return", hear);
      try {
        for (const waiting of messages) {
          const body = Buffer.from(messageOf(waiting));
          // Without `mandatory`, RabbitMQ confirms what it drops because the queue has been deleted meanwhile.
          publisher.publish("", queueOf(waiting), body, {
            persistent: true,
            mandatory: true,
            messageId: waiting.id,
            contentType: "application/json",
          });
        }
        await publisher.waitForConfirms();
      } finally {
        publisher.off("return", hear);
      }
      for (const queue of returned) declared.delete(queue);
      if (returned.size > 0) throw new Error(`rabbitmq: ${[...returned].join(", ")} was deleted; making it again`);
      return undefined;
    },
    async *receive(lane, signal) {
      const open = await connected();
      const queue = queueOf(lane);
      await declare(open, queue);
      const channel = await open.connection.createChannel();
      const inbox = createInbox(channel, signal);
      try {
        await channel.prefetch(prefetch);
        await channel.consume(queue, inbox.put);
        for await (const message of inbox.messages()) {
          const done = () => acknowledge(channel, message);
          const waiting = parseMessage(message.content.toString(), lane);
          if (waiting.ok) yield { waiting: waiting.value, done };
          else {
            observe({ kind: "message-unreadable", lane, why: waiting.problems.map(({ says }) => says).join("; ") });
            done();
          }
        }
      } finally {
        // Gives back what is not done.
        await soon(channel.close());
      }
    },
    /** Those that no server has; how many are in a server's hands, only RabbitMQ's management plug-in knows. */
    async lag(lane) {
      const open = await connected();
      await declare(open, queueOf(lane));
      return (await open.publisher.checkQueue(queueOf(lane))).messageCount;
    },
    async [Symbol.asyncDispose]() {
      const open = await current?.catch(() => undefined);
      if (!open) return;
      await soon(open.connection.close());
      const { stream } = open.connection.connection as { readonly stream?: Socket };
      stream?.destroy();
    },
  };
}

/**
 * A node that came back from a crash takes a minute to close a channel that consumed from a quorum queue (seen with
 * 3.10); it notices the end of the connection all the same.
 */
async function soon(closing: Promise<void>): Promise<void> {
  const closed = closing.catch(() => undefined);
  await Promise.race([closed, delay(closeMs, undefined, { ref: false })]);
}

/** What was on a channel that has ended comes again by itself. */
function acknowledge(channel: Channel, message: ConsumeMessage): void {
  try {
    channel.ack(message);
  } catch {
    return;
  }
}

function withoutPassword(url: string): string {
  const parsed = new URL(url);
  parsed.password = "";
  return parsed.href;
}
