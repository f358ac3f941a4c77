import type { RateRule } from "../model/gcra.ts";
import type { RateLimiter } from "../ports/rate-limiter.ts";
import type { RedisLink } from "./redis-link.ts";

/**
 * Tenants get `rule` at all servers together, by Redis's clock; one round trip a call. While Redis does not answer,
 * `alone` decides, so that nobody is turned away for want of it, and no tenant gets more than its rule at each server.
 */
export function createRedisRateLimiter(redis: RedisLink, rule: RateRule, alone: RateLimiter): RateLimiter {
  return {
    async take(tenant, cost, nowMs) {
      const earlyMs = await redis.ask((client) => client.takeAllowance(`weir:rate:${tenant}`, rule, cost));
      if (earlyMs === undefined) return alone.take(tenant, cost, nowMs);
      return earlyMs === 0 ? { kind: "taken" } : { kind: "limited", retryAfterMs: earlyMs };
    },
  };
}
