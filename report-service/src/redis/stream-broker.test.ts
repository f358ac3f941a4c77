import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { createClient } from "@redis/client";
import { lacksPostgres } from "../../../test/kit/postgres.ts";
import { lacksRedis, type Redis, startRedis } from "../../../test/kit/redis.ts";
import { type BrokerUnderTest, provesBroker } from "../../test/contract/broker.ts";
import {
  type BrokerAddress,
  brokerPlaces,
  connectBroker,
  postgresDatabases,
} from "../../test/contract/broker-place.ts";
import { provesCrashSafety } from "../../test/contract/crash.ts";
import { provesJobQueue } from "../../test/contract/job-queue.ts";
import { postgresPlaces } from "../../test/contract/postgres-place.ts";

if (lacksRedis) test("Redis Streams keep the contract of a broker", { skip: lacksRedis });
else {
  let redis: Redis;
  before(async () => {
    redis = await startRedis({ durable: true });
  });
  after(() => redis[Symbol.asyncDispose]());

  const address = (): BrokerAddress => ({ kind: "redis", at: redis.url, prefix: `${randomUUID()}.` });
  provesJobQueue("Redis Streams", brokerPlaces(address), "by-server");
  provesCrashSafety("Redis Streams", brokerPlaces(address));
  provesBroker("Redis Streams", () => underTest(redis, address()));

  if (lacksPostgres) test("Redis Streams over Postgres", { skip: lacksPostgres }, () => undefined);
  else {
    const databases = postgresDatabases(postgresPlaces());
    provesJobQueue("Redis Streams over Postgres", brokerPlaces(address, databases), "by-server");
    provesCrashSafety("Redis Streams over Postgres", brokerPlaces(address, databases));
    provesBroker("Redis Streams over Postgres", () => underTest(redis, address()), databases);
  }
}

function underTest(redis: Redis, address: BrokerAddress): BrokerUnderTest {
  return {
    connect: (observe) => connectBroker(address, observe),
    async put({ cluster, priority }, body) {
      const client = createClient({ url: redis.url });
      await client.connect();
      await client.xAdd(`${address.prefix}report.tasks.${cluster}.${priority}`, "*", { body });
      client.destroy();
    },
    crash: () => redis.stop("SIGKILL"),
    restart: redis.start,
    freeze: redis.freeze,
    thaw: redis.thaw,
  };
}
