import { join } from "node:path";
import type { BrokerNote } from "./broker/broker-note.ts";
import { createBrokerQueue } from "./broker/broker-queue.ts";
import type { Config } from "./config.ts";
import type { ObjectNote, ObjectServer } from "./disk/object-server.ts";
import { createKafkaBroker } from "./kafka/kafka-broker.ts";
import { createMemoryBulletin } from "./memory/bulletin.ts";
import { createRateLimiter } from "./memory/rate-limiter.ts";
import { createMemoryResults } from "./memory/results-queue.ts";
import { openObjects } from "./objects.ts";
import type { Bulletin } from "./ports/bulletin.ts";
import type { JobQueue } from "./ports/job-queue.ts";
import type { ObjectStore } from "./ports/object-store.ts";
import type { HasOutbox } from "./ports/outbox.ts";
import type { RateLimiter } from "./ports/rate-limiter.ts";
import type { ResultsQueue } from "./ports/results-queue.ts";
import type { SignedUrls } from "./ports/signed-urls.ts";
import type { Stores } from "./ports/stores.ts";
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
} & AsyncDisposable;

/** What was opened, to be closed in reverse order. */
type Opening = Pick<AsyncDisposableStack, "use" | "adopt" | "defer">;

/** The one place that knows which providers there are; all of them end with what it answers. */
export async function openProviders(
  config: Config,
  observe: (note: ObjectNote | BrokerNote) => void,
): Promise<Providers> {
  await using opening = new AsyncDisposableStack();
  const store = await storeOf(config, opening);
  const queue = await queueOf(config, store, opening, observe);
  const { objects, urls, server: objectServer } = opening.use(await openObjects(config, observe));
  const limiter = await limiterOf(config, opening);
  const results = await resultsOf(config, store, opening);
  const bulletin = await bulletinOf(config, opening);

  const opened = opening.move();
  return {
    stores: { ...store, queue },
    objects,
    urls,
    objectServer,
    limiter,
    results,
    bulletin,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function storeOf(
  { store, data }: Config,
  opening: Opening,
): Promise<Stores & HasOutbox & { readonly results: ResultsQueue }> {
  switch (store) {
    case "sqlite":
      return opening.use(openStore(join(data, "reports.db")));
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
  }
}

async function limiterOf({ cache, tenantRate }: Config, _opening: Opening): Promise<RateLimiter | undefined> {
  if (tenantRate === undefined) return undefined;
  switch (cache) {
    case "memory":
      return createRateLimiter(tenantRate);
  }
}

async function resultsOf(
  { results }: Config,
  store: { readonly results: ResultsQueue },
  _opening: Opening,
): Promise<ResultsQueue> {
  switch (results) {
    case "memory":
      return createMemoryResults();
    case "store":
      return store.results;
  }
}

async function bulletinOf({ bulletin }: Config, _opening: Opening): Promise<Bulletin | undefined> {
  switch (bulletin) {
    case "store":
      return undefined;
    case "memory":
      return createMemoryBulletin();
  }
}
