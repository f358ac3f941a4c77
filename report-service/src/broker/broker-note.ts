import type { Lane } from "../ports/outbox.ts";

/** What a broker's queue has to say; all of it is survived. */
export type BrokerNote =
  /** What is queued, or what is of that lane, stays in the store's outbox until publishing works again. */
  | { readonly kind: "publishing-failed"; readonly lane?: Lane; readonly cause: Error }
  | { readonly kind: "published-again"; readonly lane?: Lane; readonly afterMs: number }
  /** Said once, until a message came again. */
  | { readonly kind: "receiving-failed"; readonly lane: Lane; readonly cause: Error }
  /** The broker refuses what this server does with a topic until somebody mends it: `code` is its own name for why. */
  | {
      readonly kind: "broker-refuses";
      readonly doing: "write" | "read";
      readonly topic: string;
      readonly code: string;
      readonly mend: string;
    }
  | {
      readonly kind: "broker-takes-again";
      readonly doing: "write" | "read";
      readonly topic: string;
      readonly code: string;
    }
  /** A message that is none of ours; it is passed over. */
  | { readonly kind: "message-unreadable"; readonly lane: Lane; readonly why: string };
