import assert from "node:assert/strict";
import { test } from "node:test";
import { provesRateLimiter } from "../../test/contract/rate-limiter.ts";
import type { TenantId } from "../model/names.ts";
import { createRateLimiter } from "./rate-limiter.ts";

provesRateLimiter("in process", async (rule) => {
  const limiter = createRateLimiter(rule);
  let nowMs = 0;
  return {
    connect: async () => limiter,
    nowMs: () => nowMs,
    pass: async (ms) => {
      nowMs += ms;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
});

test("a million tenants that come once are not remembered", async () => {
  const limiter = createRateLimiter({ perSecond: 10, burst: 10 });
  for (let index = 0; index < 1_000_000; index += 1) await limiter.take(`t${index}` as TenantId, 1, index);
  assert.ok(limiter.remembered() <= 1_001, `${limiter.remembered()} are`);
});
