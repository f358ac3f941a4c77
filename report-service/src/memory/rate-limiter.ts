import { gcra, type RateRule } from "../model/gcra.ts";
import type { TenantId } from "../model/names.ts";
import type { RateLimiter } from "../ports/rate-limiter.ts";

// Below this many tenants nobody looks whether one can be forgotten.
const fewTenants = 1_000;

/** Each server by itself: tenants get `rule` at each of them. Remembers only those that have asked of late. */
export function createRateLimiter(rule: RateRule): RateLimiter & { remembered(): number } {
  const arrivals = new Map<TenantId, number>();
  let sweepAt = fewTenants;

  // An arrival time that has passed says as much as none. Looking at all of them each time their number has doubled
  // costs as much for each call however many there are.
  function sweep(nowMs: number): void {
    for (const [tenant, tatMs] of arrivals) if (tatMs <= nowMs) arrivals.delete(tenant);
    sweepAt = Math.max(fewTenants, 2 * arrivals.size);
  }

  return {
    async take(tenant, cost, nowMs) {
      const paced = gcra(arrivals.get(tenant), rule, cost, nowMs);
      if (paced.kind === "too-early") return { kind: "limited", retryAfterMs: paced.retryAfterMs };
      arrivals.set(tenant, paced.tatMs);
      if (arrivals.size > sweepAt) sweep(nowMs);
      return { kind: "taken" };
    },
    remembered: () => arrivals.size,
  };
}
