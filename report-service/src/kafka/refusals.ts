import { findErrorBy, ProtocolError } from "@platformatic/kafka";
import type { BrokerNote } from "../broker/broker-note.ts";

/** What Kafka answers again and again until somebody mends it, by Kafka's own names, and how it is mended. */
const mending: Readonly<Record<string, string>> = {
  TOPIC_AUTHORIZATION_FAILED: "let the user of --queue describe, read and write it, and create it or make it yourself",
  GROUP_AUTHORIZATION_FAILED: "let the user of --queue read the topic's consumer groups",
  CLUSTER_AUTHORIZATION_FAILED: "let the user of --queue write idempotently",
  MESSAGE_TOO_LARGE: "raise its max.message.bytes (or the brokers' message.max.bytes) to 64 KiB or more",
  RECORD_LIST_TOO_LARGE: "raise its segment.bytes",
  POLICY_VIOLATION: "make it yourself, as the brokers' create.topic.policy wants it",
  INVALID_REPLICATION_FACTOR: "name fewer replicas in --queue (?replicas=), or start more brokers",
  INVALID_TOPIC_EXCEPTION: "choose another prefix in --queue (?prefix=)",
};

export type Doing = "write" | "read";

/** What a Kafka cluster refuses this server, told when it begins and when it ends. */
export type Refusals = {
  /** It was refused, or failed otherwise; answers the error with what there is to do, where waiting will not help. */
  failed(doing: Doing, topic: string, cause: unknown): Error;
  worked(doing: Doing, topic: string): void;
};

/** The name that Kafka gives what it refuses, of what can not pass by itself. */
export function refusalIn(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return Object.keys(mending).find((code) => findErrorBy(error, "apiId", code)) ?? refusalIn(error.cause);
}

/** Whether Kafka said so itself: it is there. */
export function isAnswer(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return findErrorBy(error, "code", ProtocolError.code) !== null || isAnswer(error.cause);
}

export function createRefusals(brokers: readonly string[], observe: (note: BrokerNote) => void): Refusals {
  const refused = new Map<string, string>();
  return {
    failed(doing, topic, cause) {
      const code = refusalIn(cause);
      if (code === undefined) return cause as Error;
      const mend = mending[code] ?? "";
      const name = `${doing} ${topic}`;
      const before = refused.get(name);
      refused.set(name, code);
      if (before !== code) {
        if (before !== undefined) observe({ kind: "broker-takes-again", doing, topic, code: before });
        observe({ kind: "broker-refuses", doing, topic, code, mend });
      }
      return new Error(`kafka ${brokers}: may not ${doing} topic ${topic} (${code}): ${mend}`, { cause });
    },
    worked(doing, topic) {
      const name = `${doing} ${topic}`;
      const code = refused.get(name);
      if (code === undefined) return;
      refused.delete(name);
      observe({ kind: "broker-takes-again", doing, topic, code });
    },
  };
}
