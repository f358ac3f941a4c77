/** What the queue holds at the moment of a create; `oldestQueuedAtMs` is absent where nothing waits. */
export type QueueLength = { readonly queued: number; readonly oldestQueuedAtMs?: number };

export type Admission = { readonly kind: "admitted" } | { readonly kind: "full"; readonly retryAfterMs: number };

/**
 * Whether one more report fits. A client that is turned away is told to come back after a quarter of the time that the
 * oldest report has waited: by then about a quarter of the queue has gone. Never under 0.5 s nor over 30 s.
 */
export function admit(queue: QueueLength, limit: number, nowMs: number): Admission {
  if (queue.queued < limit) return { kind: "admitted" };
  const waitedMs = nowMs - (queue.oldestQueuedAtMs ?? nowMs);
  return { kind: "full", retryAfterMs: Math.round(Math.min(30_000, Math.max(500, waitedMs / 4))) };
}
