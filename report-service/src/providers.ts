import { join } from "node:path";
import type { BrokerNote } from "./broker/broker-note.ts";
import { createBrokerQueue } from "./broker/broker-queue.ts";
import { cacheReads } from "./cache/cache-reads.ts";
import { openCassandraStore } from "./cassandra/open-store.ts";
import type { Config } from "./config.ts";
import type { ObjectNote, ObjectServer } from "./disk/object-server.ts";
import { createKafkaBroker } from "./kafka/kafka-broker.ts";
import { createKafkaResults } from "./kafka/results-queue.ts";
import { createMemoryBulletin } from "./memory/bulletin.ts";
import { createRateLimiter } from "./memory/rate-limiter.ts";
import { createMemoryResults } from "./memory/results-queue.ts";
import { openObjects } from "./objects.ts";
import { withPeers } from "./peers/with-peers.ts";
import type { Bulletin } from "./ports/bulletin.ts";
import type { CacheNote } from "./ports/cache.ts";
import type { JobQueue } from "./ports/job-queue.ts";
import type { ObjectStore } from "./ports/object-store.ts";
import type { HasOutbox } from "./ports/outbox.ts";
import type { PeerNote, PeerStore } from "./ports/peer-store.ts";
import type { RateLimiter } from "./ports/rate-limiter.ts";
import type { ResultsQueue } from "./ports/results-queue.ts";
import type { SignedUrls } from "./ports/signed-urls.ts";
import type { Stores } from "./ports/stores.ts";
import { openPostgresPeer } from "./postgres/open-peer.ts";
import { openPostgresStore } from "./postgres/open-store.ts";
import { createRabbitMqBroker } from "./rabbitmq/rabbitmq-broker.ts";
import { createRedisBulletin } from "./redis/bulletin.ts";
import { createRedisRateLimiter } from "./redis/rate-limiter.ts";
import { openRedis, type RedisLink, type RedisNote } from "./redis/redis-link.ts";
import { createRedisCache } from "./redis/shared-cache.ts";
import { createRedisStreamBroker } from "./redis/stream-broker.ts";
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
} & AsyncDisposable;

export type ProviderNote = ObjectNote | BrokerNote | CacheNote | PeerNote | RedisNote;

// Deletions reach it at once; it only bounds how long one may be read that no Redis was there to be told of.
const sharedKeepMs = 600_000;

/** What was opened, to be closed in reverse order. */
type Opening = Pick<AsyncDisposableStack, "use" | "adopt" | "defer">;

/** The one place that knows which providers there are; all of them end with what it answers. */
export async function openProviders(config: Config, observe: (note: ProviderNote) => void): Promise<Providers> {
  await using opening = new AsyncDisposableStack();
  const store = await storeOf(config, opening);
  const queue = await queueOf(config, store, opening, observe);
  const { objects, urls, server: objectServer } = opening.use(await openObjects(config, observe));
  const redis = await redisOf(config, opening, observe);
  const limiter = limiterOf(config, redis);
  const results = await resultsOf(config, store, opening);
  const bulletin = await bulletinOf(config, opening, observe);
  const peers = config.peers.map((peer) => opening.use(openPostgresPeer(peer, observe)));
  const reached = withPeers({ ...store, queue }, { datacenter: config.datacenter, peers, observe });
  const stores = cached(reached, config, redis, opening, observe);

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
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function storeOf(
  { store, data }: Config,
  opening: Opening,
): Promise<Stores & HasOutbox & { readonly results: ResultsQueue }> {
  switch (store.kind) {
    case "sqlite":
      return opening.use(openStore(join(data, "reports.db")));
    case "postgres":
      return opening.use(await openPostgresStore(store.settings));
    case "cassandra":
      return opening.use(await openCassandraStore(store.settings));
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
    case "kafka":
      return opening.use(await createBrokerQueue(store, createKafkaBroker(queue.settings, id, observe), observe));
    case "rabbitmq":
      return opening.use(await createBrokerQueue(store, createRabbitMqBroker(queue.settings, observe), observe));
    case "redis":
      return opening.use(await createBrokerQueue(store, createRedisStreamBroker(queue.settings, observe), observe));
  }
}

async function redisOf(
  { cache }: Config,
  opening: Opening,
  observe: (note: RedisNote) => void,
): Promise<RedisLink | undefined> {
  return cache.kind === "redis" ? opening.use(await openRedis({ url: cache.url, observe })) : undefined;
}

function cached<S extends Stores>(
  stores: S,
  { cache, cacheBytes: maxBytes, cacheKeepMs: keepMs }: Config,
  redis: RedisLink | undefined,
  opening: Opening,
  observe: (note: CacheNote) => void,
): S {
  if (cache.kind === "off") return stores;
  const memory = { maxBytes, keepMs };
  if (!redis) return cacheReads(stores, { memory, observe });
  const shared = { cache: opening.use(createRedisCache(redis)), keepMs: sharedKeepMs };
  return cacheReads(stores, { memory, shared, observe });
}

function limiterOf({ tenantRate }: Config, redis: RedisLink | undefined): RateLimiter | undefined {
  if (tenantRate === undefined) return undefined;
  const alone = createRateLimiter(tenantRate);
  return redis ? createRedisRateLimiter(redis, tenantRate, alone) : alone;
}

async function resultsOf(
  { results, queue, id }: Config,
  store: { readonly results: ResultsQueue },
  opening: Opening,
): Promise<ResultsQueue> {
  switch (results) {
    case "memory":
      return createMemoryResults();
    case "store":
      return store.results;
    case "kafka":
      if (queue.kind !== "kafka") throw new Error("--results kafka needs --queue kafka://HOST:PORT,…");
      return opening.use(createKafkaResults(queue.settings, id));
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
    case "redis":
      return createRedisBulletin(opening.use(await openRedis({ url: bulletin.url, observe })));
  }
}
