import { refusalIn } from "./refusals.ts";

/**
 * Sends all, in halves where they are too large together: Kafka's `max.message.bytes` is of what is sent to a partition at
 * once. Throws what one alone was refused with.
 */
export async function sendInPieces<M>(
  messages: readonly M[],
  send: (messages: M[]) => Promise<unknown>,
): Promise<void> {
  try {
    await send([...messages]);
  } catch (cause) {
    if (messages.length < 2 || refusalIn(cause) !== "MESSAGE_TOO_LARGE") throw cause;
    const half = Math.ceil(messages.length / 2);
    await sendInPieces(messages.slice(0, half), send);
    await sendInPieces(messages.slice(half), send);
  }
}
