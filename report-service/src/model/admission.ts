import type { Priority } from "./report.ts";

/** What a cluster's queue holds at the moment of a create; `oldestQueuedAtMs` is absent where nothing waits. */
export type QueueLength = { readonly queued: number; readonly oldestQueuedAtMs?: number };

/** How many reports may wait in a worker cluster's queue: of everyone, and of one tenant. */
export type QueueLimits = { readonly queue: number; readonly tenant: number };

/** `full`: too many wait. `of` tells whose: everyone's or this tenant's. */
export type Admission =
  | { readonly kind: "admitted" }
  | {
      readonly kind: "full";
      readonly of: "everyone" | "tenant";
      readonly queued: number;
      readonly limit: number;
      readonly retryAfterMs: number;
    };

// The last part of the queue is kept for those who wait for an answer.
const partOfQueue: Readonly<Record<Priority, number>> = { interactive: 1, standard: 0.9, bulk: 0.8 };

/**
 * Whether one more report fits. A client that is turned away is told to come back after a quarter of the time that the
 * oldest report has waited: by then about a quarter of the queue has gone. Never under 0.5 s nor over 30 s.
 */
export function admit(
  queue: QueueLength & { readonly ofTenant: number },
  limits: QueueLimits,
  priority: Priority,
  nowMs: number,
): Admission {
  const waitedMs = nowMs - (queue.oldestQueuedAtMs ?? nowMs);
  const retryAfterMs = Math.round(Math.min(30_000, Math.max(500, waitedMs / 4)));
  const limit = Math.ceil(limits.queue * partOfQueue[priority]);
  if (queue.queued >= limit) return { kind: "full", of: "everyone", queued: queue.queued, limit, retryAfterMs };
  if (queue.ofTenant >= limits.tenant) {
    return { kind: "full", of: "tenant", queued: queue.ofTenant, limit: limits.tenant, retryAfterMs };
  }
  return { kind: "admitted" };
}
