import type { Channel, ConsumeMessage } from "amqplib";
import { createBell } from "../lib/bell.ts";

/** What a channel is sent, as something to loop over. Prefetch bounds how much that can be. */
export type Inbox = {
  /** What `consume` calls: null where the queue was deleted. */
  readonly put: (message: ConsumeMessage | null) => void;
  /** Ends with the signal; throws when the channel ends by itself. */
  messages(): AsyncGenerator<ConsumeMessage, void>;
};

export function createInbox(channel: Channel, signal: AbortSignal): Inbox {
  const waiting: ConsumeMessage[] = [];
  let failure: Error | undefined;
  const changed = createBell();

  function fail(cause: Error): void {
    failure ??= cause;
    changed.ring();
  }

  channel.on("error", fail);
  channel.on("close", () => fail(new Error("rabbitmq: the channel was closed")));
  return {
    put(message) {
      if (message) waiting.push(message);
      else failure ??= new Error("rabbitmq: the queue was deleted");
      changed.ring();
    },
    async *messages() {
      while (!signal.aborted) {
        const next = waiting.shift();
        if (next) yield next;
        else if (failure) throw failure;
        else await changed.rung(signal);
      }
    },
  };
}
