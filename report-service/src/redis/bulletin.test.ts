import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksRedis, startRedis } from "../../../test/kit/redis.ts";
import { until } from "../../../test/kit/wait.ts";
import { provesBulletin } from "../../test/contract/bulletin.ts";
import { report } from "../../test/contract/place.ts";
import { openRedisPlace } from "../../test/contract/redis-place.ts";
import type { Notice } from "../ports/bulletin.ts";
import { createRedisBulletin } from "./bulletin.ts";
import { openRedis } from "./redis-link.ts";

if (!lacksRedis) {
  provesBulletin("Redis", async () => {
    const place = await openRedisPlace();
    return {
      connect: async () => createRedisBulletin(await place.link()),
      [Symbol.asyncDispose]: place[Symbol.asyncDispose],
    };
  });
} else test("Redis keeps the contract of a Bulletin", { skip: lacksRedis });

test("who listens is told to look in the store when Redis was gone, and hears again what is told then", {
  skip: lacksRedis,
}, async () => {
  await using redis = await startRedis();
  await using link = await openRedis({ url: redis.url, deadlineMs: 10_000, pauseMs: 50, observe: () => undefined });
  const bulletin = createRedisBulletin(link);
  const key = report("a", 1);
  const heard: Notice[] = [];
  using _listening = bulletin.listen(key, (notice) => heard.push(notice));
  const has = (wanted: Notice) => heard.some((notice) => JSON.stringify(notice) === JSON.stringify(wanted));
  const within = { within: 20_000, everyMs: 20 };
  const tells = async (sequence: number) => {
    await bulletin.tell(key, { kind: "changed", sequence });
    return has({ kind: "changed", sequence });
  };
  await until(() => tells(1), { ...within, what: "it is heard" });

  await redis.stop();
  heard.length = 0;
  // Nobody can be told of it now; it must not be waited for either.
  await bulletin.tell(key, { kind: "changed", sequence: 2 });
  await redis.start();
  await until(() => has({ kind: "missed" }), { ...within, what: "it is told to look" });
  await until(() => tells(3), { ...within, what: "it is heard again" });
  assert.ok(!has({ kind: "changed", sequence: 2 }));
});

test("who began to listen while Redis was gone hears once it is there", { skip: lacksRedis }, async () => {
  await using redis = await startRedis();
  await redis.stop();
  await using link = await openRedis({ url: redis.url, deadlineMs: 10_000, pauseMs: 50, observe: () => undefined });
  const bulletin = createRedisBulletin(link);
  const heard: Notice[] = [];
  using _listening = bulletin.listen(report("a", 1), (notice) => heard.push(notice));
  await redis.start();
  const tells = async () => {
    await bulletin.tell(report("a", 1), { kind: "changed", sequence: 1 });
    return heard.some(({ kind }) => kind === "changed");
  };
  await until(tells, { within: 20_000, everyMs: 20, what: "it is heard" });
});
