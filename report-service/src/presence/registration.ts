import { setTimeout as delay } from "node:timers/promises";
import type { PresenceNote, Registrar } from "./registrar.ts";

// The first retry comes soon, the later ones at a third of the lease.
const firstRetryMs = 200;
const attemptTimeoutMs = 3_000;

export type Registration = {
  /** Stops renewing, leaves, and returns when clients are gone or `limit` aborts. Never rejects. */
  leave(limit: AbortSignal): Promise<void>;
} & AsyncDisposable;

/** Keeps this server registered, a renewal each third of the lease, for as long as it runs; it outlives any absence of the place. */
export function startRegistration(
  registrar: Registrar,
  leaseSeconds: number,
  observe: (note: PresenceNote) => void,
  random: () => number = Math.random,
): Registration {
  const { place } = registrar;
  const renewEveryMs = (leaseSeconds * 1_000) / 3;
  const stopping = new AbortController();
  let failures = 0;
  let known = false;

  async function once(): Promise<number> {
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(attemptTimeoutMs)]);
    try {
      await registrar.register(signal);
    } catch (cause) {
      failures += 1;
      // Full jitter: servers that lost the place together do not come back together.
      const ceilingMs = Math.min(renewEveryMs, firstRetryMs * 2 ** (failures - 1));
      const retryInMs = Math.ceil(ceilingMs * (0.5 + random() / 2));
      if (!stopping.signal.aborted && (known || failures === 1)) {
        observe({ kind: "registration-failed", place, cause: cause as Error, retryInMs });
      }
      known = false;
      return retryInMs;
    }
    if (!known) observe({ kind: "registered", place });
    known = true;
    failures = 0;
    return renewEveryMs;
  }

  async function keep(): Promise<void> {
    while (!stopping.signal.aborted) {
      const nextInMs = await once();
      await delay(nextInMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
    }
  }

  const work = keep();

  async function leaveNow(limit: AbortSignal): Promise<void> {
    stopping.abort();
    await work;
    try {
      await registrar.leave(limit);
      observe({ kind: "left", place });
    } catch (cause) {
      // The lease ends on its own; clients then retry on other servers.
      observe({ kind: "leave-failed", place, cause: cause as Error });
    }
  }

  let left: Promise<void> | undefined;
  function leave(limit: AbortSignal): Promise<void> {
    left ??= leaveNow(limit);
    return left;
  }

  return { leave, [Symbol.asyncDispose]: () => leave(AbortSignal.timeout(attemptTimeoutMs)) };
}
