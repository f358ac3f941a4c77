import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksRedis, startRedis } from "../../../test/kit/redis.ts";
import { until } from "../../../test/kit/wait.ts";
import { createLocalSharedCache } from "../../test/contract/local-shared-cache.ts";
import { openRedisPlace } from "../../test/contract/redis-place.ts";
import { provesSharedCache } from "../../test/contract/shared-cache.ts";
import { openRedis } from "./redis-link.ts";
import { createRedisCache } from "./shared-cache.ts";

// The tests of what uses a cache go by this one, so it must do what Redis does.
provesSharedCache("in process", async () => {
  const cache = createLocalSharedCache(() => 0);
  return { connect: async () => cache.connect(), [Symbol.asyncDispose]: async () => undefined };
});

if (!lacksRedis) {
  provesSharedCache("Redis", async () => {
    const place = await openRedisPlace();
    return {
      connect: async () => createRedisCache(await place.link()),
      [Symbol.asyncDispose]: place[Symbol.asyncDispose],
    };
  });
} else test("Redis keeps the contract of a SharedCache", { skip: lacksRedis });

test("what could not be forgotten while Redis was halted is forgotten when it answers again", {
  skip: lacksRedis,
}, async () => {
  await using redis = await startRedis();
  await using link = await openRedis({ url: redis.url, deadlineMs: 200, pauseMs: 50, observe: () => undefined });
  await using other = await openRedis({ url: redis.url, deadlineMs: 10_000, observe: () => undefined });
  using cache = createRedisCache(link);
  using reader = createRedisCache(other);
  await reader.put("a", "text", 60_000);
  await reader.put("b", "text", 60_000);
  redis.freeze();
  await cache.forget(["a"]);
  await cache.forget(["b"]);
  assert.equal(await cache.get("a"), undefined);
  redis.thaw();
  // The first answer tells that Redis is back.
  const forgotten = async () => {
    await cache.get("c");
    return (await reader.get("a")) === undefined && (await reader.get("b")) === undefined;
  };
  await until(forgotten, { within: 30_000, what: "both are forgotten" });
  await reader.put("b", "text", 60_000);
  assert.equal(await reader.get("b"), undefined);
});

test("what is kept lasts as long as was said", { skip: lacksRedis }, async () => {
  await using place = await openRedisPlace();
  const link = await place.link();
  using cache = createRedisCache(link);
  await cache.put("a", "text", 5_000.5);
  await cache.forget(["b"]);
  const left =
    (await link.ask((client) => Promise.all(["a", "b"].map((key) => client.pTTL(`weir:report:${key}`))))) ?? [];
  assert.ok(left.every((ms) => ms > 0) && Number(left[0]) <= 5_001 && Number(left[1]) <= 60_000, left.join());
});
