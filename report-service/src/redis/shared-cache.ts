import type { SharedCache } from "../ports/cache.ts";
import type { RedisLink } from "./redis-link.ts";

const forgetForMs = 60_000;
const channel = "weir:forget";
// Nothing that is kept is empty.
const forgotten = "";
// More than a cleaner forgets at a time, and less than a busy server can spare.
const mostOwed = 100_000;

/** A cache in Redis. What could not be forgotten there is forgotten once it answers again. */
export function createRedisCache(redis: RedisLink): SharedCache & Disposable {
  const owed = new Set<string>();
  const paying = redis.onBack(() => void forget([...owed]));

  async function forget(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    // In order on one connection: whoever hears of it no longer gets it.
    const done = await redis.ask((client) => {
      const each = keys.map((key) =>
        client.set(nameOf(key), forgotten, { expiration: { type: "PX", value: forgetForMs } }),
      );
      return Promise.all([...each, client.publish(channel, JSON.stringify(keys))]);
    });
    for (const key of keys) {
      if (done) owed.delete(key);
      else if (owed.size < mostOwed) owed.add(key);
    }
  }

  return {
    async get(key) {
      const text = await redis.ask((client) => client.get(nameOf(key)));
      return text === undefined || text === null || text === forgotten ? undefined : text;
    },
    async put(key, text, ttlMs) {
      // NX: what was forgotten of late stays so, and what is there is the same.
      const options = { expiration: { type: "PX", value: Math.ceil(ttlMs) }, condition: "NX" } as const;
      await redis.ask((client) => client.set(nameOf(key), text, options));
    },
    forget,
    onForget(listener) {
      const hear = (message: string) => {
        for (const key of keysOf(message)) listener(key);
      };
      return redis.listen(channel, hear, () => undefined);
    },
    [Symbol.dispose]: () => paying[Symbol.dispose](),
  };
}

function nameOf(key: string): string {
  return `weir:report:${key}`;
}

function keysOf(message: string): readonly string[] {
  try {
    const keys: unknown = JSON.parse(message);
    return Array.isArray(keys) ? keys.map(String) : [];
  } catch {
    return [];
  }
}
