import type { Lane, Waiting } from "../ports/outbox.ts";

/** A message that this server has, and that the broker gives to nobody else meanwhile, as far as it can tell. */
export type Delivery = {
  readonly waiting: Waiting;
  /** Nobody needs it again; without effect where the broker has given it to another server by now. */
  done(): void;
};

/** What a broker does not take of some lanes, while it takes others' or says itself that it refuses these. */
export type Refused = { readonly messages: readonly Waiting[]; readonly cause: Error };

/** What a queue needs of a message broker, which keeps messages until they are done and gives each at least once. */
export type Broker = {
  /** Returns once the broker has all of them and would keep them if it crashed, but for what it refuses. */
  publish(messages: readonly Waiting[]): Promise<Refused | undefined>;
  /**
   * What comes of a lane: read ahead a little, shared with all servers that receive from it. Throws where the broker
   * cannot be reached any more; the caller may start again. Leaving the loop gives back what is not done.
   */
  receive(lane: Lane, signal: AbortSignal): AsyncIterable<Delivery>;
  /** How many messages of a lane nobody has done. */
  lag(lane: Lane): Promise<number>;
} & AsyncDisposable;
