import { join } from "node:path";
import type { BrokerNote } from "./broker/broker-note.ts";
import { createBrokerQueue } from "./broker/broker-queue.ts";
import { cacheReads } from "./cache/cache-reads.ts";
import type { Config } from "./config.ts";
import type { ObjectNote, ObjectServer } from "./disk/object-server.ts";
import { createMemoryBulletin } from "./memory/bulletin.ts";
import { createRateLimiter } from "./memory/rate-limiter.ts";
import { createMemoryResults } from "./memory/results-queue.ts";
import { openObjects } from "./objects.ts";
import { withPeers } from "./peers/with-peers.ts";
import type { Bulletin } from "./ports/bulletin.ts";
import type { CacheNote } from "./ports/cache.ts";
import type { Clock, ClockNote } from "./ports/clock.ts";
import type { JobQueue } from "./ports/job-queue.ts";
import type { ObjectStore } from "./ports/object-store.ts";
import type { LookForOldTransactions } from "./ports/old-transactions.ts";
import type { HasOutbox } from "./ports/outbox.ts";
import type { PeerNote, PeerStore } from "./ports/peer-store.ts";
import type { RateLimiter } from "./ports/rate-limiter.ts";
import type { ResultsQueue } from "./ports/results-queue.ts";
import type { SignedUrls } from "./ports/signed-urls.ts";
import type { Stores } from "./ports/stores.ts";
import type { Vault } from "./ports/vault.ts";
import type { RedisLink, RedisNote } from "./redis/redis-link.ts";
import { openStore } from "./sqlite/open-store.ts";

/** What a server keeps things in, as its configuration chooses. */
export type Providers = {
  /** With the queue that was chosen; nothing in them is encrypted yet. */
  readonly stores: Stores;
  readonly objects: ObjectStore;
  /** How clients reach the object store by themselves; undefined where they cannot. */
  readonly urls: SignedUrls | undefined;
  /** Undefined where this server serves no objects itself. */
  readonly objectServer: ObjectServer | undefined;
  /** Undefined where tenants may ask as often as they like. */
  readonly limiter: RateLimiter | undefined;
  readonly results: ResultsQueue;
  /** Undefined where following reports in the store tells of everything. */
  readonly bulletin: Bulletin | undefined;
  /** What other data centers keep; `stores` reach them, too. */
  readonly peers: readonly PeerStore[];
  /** Undefined where the store has no such transactions. */
  readonly lookForOldTransactions: LookForOldTransactions | undefined;
} & AsyncDisposable;

export type ProviderNote = ClockNote | ObjectNote | BrokerNote | CacheNote | PeerNote | RedisNote;

// Deletions reach it at once; it only bounds how long one may be read that no Redis was there to be told of.
const sharedKeepMs = 600_000;

/** What was opened, to be closed in reverse order. */
type Opening = Pick<AsyncDisposableStack, "use" | "adopt" | "defer">;

/**
 * The one place that knows which providers there are; all of them end with what it answers. Those that bring a client of their
 * own are loaded when they are chosen: together they take longer to load than all the rest.
 */
export async function openProviders(
  config: Config,
  vault: Vault,
  observe: (note: ProviderNote) => void,
): Promise<Providers> {
  await using opening = new AsyncDisposableStack();
  const store = await storeOf(config, opening, observe);
  const queue = await queueOf(config, store, opening, observe);
  const objectParts = { vault, clock: store.clock, observe };
  const { objects, urls, server: objectServer } = opening.use(await openObjects(config, objectParts));
  const redis = await redisOf(config, opening, observe);
  const limiter = await limiterOf(config, redis);
  const results = await resultsOf(config, store, opening, observe);
  const bulletin = await bulletinOf(config, opening, observe);
  const peers = await peersOf(config, opening, observe);
  const reached = withPeers({ ...store, queue }, { datacenter: config.datacenter, peers, observe });
  const stores = await cached(reached, config, redis, opening, observe);

  const opened = opening.move();
  return {
    stores,
    objects,
    urls,
    objectServer,
    limiter,
    results,
    bulletin,
    peers,
    lookForOldTransactions: store.lookForOldTransactions,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function peersOf({ peers }: Config, opening: Opening, observe: (note: PeerNote) => void): Promise<PeerStore[]> {
  if (peers.length === 0) return [];
  const { openPostgresPeer } = await import("./postgres/open-peer.ts");
  return peers.map((peer) => opening.use(openPostgresPeer(peer, observe)));
}

async function storeOf(
  { store, data }: Config,
  opening: Opening,
  observe: (note: ClockNote) => void,
): Promise<
  Stores & HasOutbox & { readonly results: ResultsQueue; readonly lookForOldTransactions?: LookForOldTransactions }
> {
  switch (store.kind) {
    case "sqlite":
      return opening.use(openStore(join(data, "reports.db"), observe));
    case "postgres": {
      const { openPostgresStore } = await import("./postgres/open-store.ts");
      return opening.use(await openPostgresStore(store.settings, { observe }));
    }
    case "cassandra": {
      const { openCassandraStore } = await import("./cassandra/open-store.ts");
      return opening.use(await openCassandraStore(store.settings, { observe }));
    }
  }
}

async function queueOf(
  { queue, id }: Config,
  store: Stores & HasOutbox,
  opening: Opening,
  observe: (note: BrokerNote) => void,
): Promise<JobQueue> {
  switch (queue.kind) {
    case "store":
      return store.queue;
    case "kafka": {
      const { createKafkaBroker } = await import("./kafka/kafka-broker.ts");
      return opening.use(await createBrokerQueue(store, createKafkaBroker(queue.settings, id, observe), observe));
    }
    case "rabbitmq": {
      const { createRabbitMqBroker } = await import("./rabbitmq/rabbitmq-broker.ts");
      return opening.use(await createBrokerQueue(store, createRabbitMqBroker(queue.settings, observe), observe));
    }
    case "redis": {
      const { createRedisStreamBroker } = await import("./redis/stream-broker.ts");
      return opening.use(await createBrokerQueue(store, createRedisStreamBroker(queue.settings, observe), observe));
    }
  }
}

async function redisOf(
  { cache }: Config,
  opening: Opening,
  observe: (note: RedisNote) => void,
): Promise<RedisLink | undefined> {
  if (cache.kind !== "redis") return undefined;
  const { openRedis } = await import("./redis/redis-link.ts");
  return opening.use(await openRedis({ url: cache.url, observe }));
}

async function cached<S extends Stores>(
  stores: S,
  { cache, cacheBytes: maxBytes, cacheKeepMs: keepMs }: Config,
  redis: RedisLink | undefined,
  opening: Opening,
  observe: (note: CacheNote) => void,
): Promise<S> {
  if (cache.kind === "off") return stores;
  const memory = { maxBytes, keepMs };
  if (!redis) return cacheReads(stores, { memory, observe });
  const { createRedisCache } = await import("./redis/shared-cache.ts");
  const shared = { cache: opening.use(createRedisCache(redis)), keepMs: sharedKeepMs };
  return cacheReads(stores, { memory, shared, observe });
}

async function limiterOf({ tenantRate }: Config, redis: RedisLink | undefined): Promise<RateLimiter | undefined> {
  if (tenantRate === undefined) return undefined;
  const alone = createRateLimiter(tenantRate);
  if (!redis) return alone;
  const { createRedisRateLimiter } = await import("./redis/rate-limiter.ts");
  return createRedisRateLimiter(redis, tenantRate, alone);
}

async function resultsOf(
  { results, queue, id }: Config,
  store: { readonly results: ResultsQueue; readonly clock: Clock },
  opening: Opening,
  observe: (note: BrokerNote) => void,
): Promise<ResultsQueue> {
  switch (results) {
    case "memory":
      return createMemoryResults(store.clock);
    case "store":
      return store.results;
    case "kafka": {
      if (queue.kind !== "kafka") throw new Error("--results kafka needs --queue kafka://HOST:PORT,…");
      const { createKafkaResults } = await import("./kafka/results-queue.ts");
      return opening.use(createKafkaResults(queue.settings, id, observe));
    }
  }
}

async function bulletinOf(
  { bulletin }: Config,
  opening: Opening,
  observe: (note: RedisNote) => void,
): Promise<Bulletin | undefined> {
  switch (bulletin.kind) {
    case "store":
      return undefined;
    case "memory":
      return createMemoryBulletin();
    case "redis": {
      const { createRedisBulletin } = await import("./redis/bulletin.ts");
      const { openRedis } = await import("./redis/redis-link.ts");
      return createRedisBulletin(opening.use(await openRedis({ url: bulletin.url, observe })));
    }
  }
}
