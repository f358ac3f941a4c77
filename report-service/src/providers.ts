import { join } from "node:path";
import type { Config } from "./config.ts";
import { createDiskObjects } from "./disk/object-store.ts";
import { createRateLimiter } from "./memory/rate-limiter.ts";
import type { JobQueue } from "./ports/job-queue.ts";
import type { ObjectStore } from "./ports/object-store.ts";
import type { RateLimiter } from "./ports/rate-limiter.ts";
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
  /** Undefined where tenants may ask as often as they like. */
  readonly limiter: RateLimiter | undefined;
} & AsyncDisposable;

/** What was opened, to be closed in reverse order. */
type Opening = Pick<AsyncDisposableStack, "use" | "adopt" | "defer">;

/** The one place that knows which providers there are; all of them end with what it answers. */
export async function openProviders(config: Config): Promise<Providers> {
  await using opening = new AsyncDisposableStack();
  const store = await storeOf(config, opening);
  const queue = await queueOf(config, store, opening);
  const { objects, urls } = await objectsOf(config, opening);
  const limiter = await limiterOf(config, opening);

  const opened = opening.move();
  return {
    stores: { ...store, queue },
    objects,
    urls,
    limiter,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function storeOf({ store, data }: Config, opening: Opening): Promise<Stores> {
  switch (store) {
    case "sqlite":
      return opening.use(openStore(join(data, "reports.db")));
  }
}

async function queueOf({ queue }: Config, store: Stores, _opening: Opening): Promise<JobQueue> {
  switch (queue) {
    case "store":
      return store.queue;
  }
}

async function objectsOf({ objects, data }: Config, _opening: Opening): Promise<Pick<Providers, "objects" | "urls">> {
  switch (objects) {
    case "disk":
      return { objects: createDiskObjects(join(data, "objects")), urls: undefined };
  }
}

async function limiterOf({ cache, tenantRate }: Config, _opening: Opening): Promise<RateLimiter | undefined> {
  if (tenantRate === undefined) return undefined;
  switch (cache) {
    case "memory":
      return createRateLimiter(tenantRate);
  }
}
