import assert from "node:assert/strict";
import { test } from "node:test";
import type { TenantId } from "../model/names.ts";
import { createRateLimiter } from "./rate-limiter.ts";

test("tenants are limited each by itself", async () => {
  const limiter = createRateLimiter({ perSecond: 1, burst: 2 });
  const take = async (tenant: string, nowMs: number) => (await limiter.take(tenant as TenantId, 1, nowMs)).kind;
  assert.deepEqual([await take("a", 0), await take("a", 0), await take("a", 0)], ["taken", "taken", "limited"]);
  assert.equal(await take("b", 0), "taken");
  assert.equal(await take("a", 1_000), "taken");
});

test("a million tenants that come once are not remembered", async () => {
  const limiter = createRateLimiter({ perSecond: 10, burst: 10 });
  for (let index = 0; index < 1_000_000; index += 1) await limiter.take(`t${index}` as TenantId, 1, index);
  assert.ok(limiter.remembered() <= 1_001, `${limiter.remembered()} are`);
});
