import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksRedis, startRedis } from "../../../test/kit/redis.ts";
import { until } from "../../../test/kit/wait.ts";
import { type LimiterPlace, provesRateLimiter } from "../../test/contract/rate-limiter.ts";
import { createRateLimiter } from "../memory/rate-limiter.ts";
import type { RateRule } from "../model/gcra.ts";
import type { TenantId } from "../model/names.ts";
import { createRedisRateLimiter } from "./rate-limiter.ts";
import { openRedis, type RedisNote } from "./redis-link.ts";

// What decides where Redis does not; here it must never be asked.
const nobody = { take: () => assert.fail("Redis did not answer") };

if (!lacksRedis) provesRateLimiter("Redis", openPlace);
else test("Redis keeps the contract of a RateLimiter", { skip: lacksRedis });

async function openPlace(rule: RateRule): Promise<LimiterPlace> {
  await using stack = new AsyncDisposableStack();
  const redis = stack.use(await startRedis());
  const link = stack.use(await openRedis({ url: redis.url, deadlineMs: 5_000, observe: () => undefined }));
  const clock = async () => {
    const [seconds, micros] = (await link.ask((client) => client.time())) ?? assert.fail("Redis did not answer");
    return Number(seconds) * 1_000 + Number(micros) / 1_000;
  };
  const moved = stack.move();
  return {
    async connect() {
      const own = moved.use(await openRedis({ url: redis.url, deadlineMs: 5_000, observe: () => undefined }));
      return createRedisRateLimiter(own, rule, nobody);
    },
    // Its own clock is what counts, however wrong a server's is.
    nowMs: () => Math.random() * 1e12,
    async pass(ms) {
      const endMs = (await clock()) + ms;
      await until(async () => (await clock()) >= endMs, { within: 30_000, what: `${ms} ms pass at Redis`, everyMs: 5 });
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

test("what Redis remembers of a tenant is gone when it says nothing any more", { skip: lacksRedis }, async () => {
  await using redis = await startRedis();
  await using link = await openRedis({ url: redis.url, deadlineMs: 5_000, observe: () => undefined });
  const limiter = createRedisRateLimiter(link, { perSecond: 20, burst: 5 }, nobody);
  await limiter.take("a" as TenantId, 2, 0);
  const left = (await link.ask((client) => client.pTTL("weir:rate:a"))) ?? 0;
  assert.ok(left > 0 && left <= 100, `${left} ms`);
});

test("while Redis is halted each server limits by itself, almost at once, and hardly asks; afterwards they share again", {
  skip: lacksRedis,
}, async () => {
  await using redis = await startRedis();
  const notes: RedisNote[] = [];
  await using link = await openRedis({ url: redis.url, observe: (note) => notes.push(note) });
  let asked = 0;
  const counting = {
    ...link,
    ask: ((command) =>
      link.ask((client) => {
        asked += 1;
        return command(client);
      })) as typeof link.ask,
  };
  const rule = { perSecond: 0.001, burst: 1_000 };
  const limiter = createRedisRateLimiter(counting, rule, createRateLimiter({ perSecond: 0.001, burst: 2_000 }));
  const take = () => limiter.take("a" as TenantId, 1, Date.now());
  await until(async () => (await take()).kind === "taken" && asked > 0, { within: 30_000, what: "Redis answers" });

  redis.freeze();
  const before = asked;
  const startedAt = performance.now();
  // Each call that asks waits for the link's deadline, and no other one: the halted Redis answers none.
  for (let call = 0; call < 2_000; call += 1) await take();
  const lastedMs = performance.now() - startedAt;
  // One misses its deadline, and then one every half second.
  const most = 2 + lastedMs / 500;
  assert.ok(asked - before <= most, `${asked - before} commands in ${lastedMs} ms`);
  assert.equal(notes.filter(({ kind }) => kind === "redis-lost").length, 1);

  redis.thaw();
  await until(() => notes.some(({ kind }) => kind === "redis-back") || take().then(() => false), {
    within: 30_000,
    what: "it asks Redis again",
    everyMs: 20,
  });
});

test("a server starts without Redis, limits by itself, and finds Redis when it comes", {
  skip: lacksRedis,
}, async () => {
  await using redis = await startRedis();
  await redis.stop();
  const notes: RedisNote[] = [];
  await using link = await openRedis({ url: redis.url, observe: (note) => notes.push(note) });
  const limiter = createRedisRateLimiter(
    link,
    { perSecond: 1, burst: 5 },
    createRateLimiter({ perSecond: 1, burst: 1 }),
  );
  const take = async () => (await limiter.take("a" as TenantId, 1, 0)).kind;
  assert.deepEqual([await take(), await take()], ["taken", "limited"]);
  assert.deepEqual(
    notes.map(({ kind }) => kind),
    ["redis-lost"],
  );
  await redis.start();
  // The one in the process has nothing left, and its clock stands.
  await until(async () => (await take()) === "taken", { within: 20_000, what: "Redis gives", everyMs: 50 });
  assert.equal(notes.at(-1)?.kind, "redis-back");
});
