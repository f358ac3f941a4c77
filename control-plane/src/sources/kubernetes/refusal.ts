import type { IncomingMessage } from "node:http";
import { z } from "zod";

/** What the API server said instead of an answer. `status` is an HTTP status; 410 is a version that it no longer has. */
export class KubernetesRefusal extends Error {
  override readonly name = "KubernetesRefusal";
  readonly status: number;
  /** How long it asks to be left alone. */
  readonly retryAfterMs: number;

  constructor(status: number, says: string, retryAfterMs = 0) {
    super(`${status}: ${says}`);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

// kubernetes.io/docs/reference/using-api/api-concepts: refusals, and the object of a watch's ERROR event.
const statusSchema = z.looseObject({
  kind: z.literal("Status"),
  code: z.number(),
  message: z.string().optional(),
  reason: z.string().optional(),
});

export function refusalOf({ statusCode = 0, headers }: Pick<IncomingMessage, "statusCode" | "headers">, text: string) {
  const seconds = Number(headers["retry-after"] ?? 0);
  const said = statusSchema.safeParse(jsonOf(text));
  const says = said.success ? (said.data.message ?? said.data.reason) : text.trim().slice(0, 300);
  return new KubernetesRefusal(statusCode, says || "no reason given", Number.isFinite(seconds) ? seconds * 1_000 : 0);
}

/** The object of an ERROR event. */
export function refusalOfEvent(object: unknown): KubernetesRefusal {
  const said = statusSchema.safeParse(object);
  if (!said.success) return new KubernetesRefusal(500, "the watch reported an error that is no Status");
  const { code, message, reason } = said.data;
  return new KubernetesRefusal(code, message ?? reason ?? "no reason given");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
