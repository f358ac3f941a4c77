import { startRedis } from "../../../test/kit/redis.ts";
import { openRedis, type RedisLink } from "../../src/redis/redis-link.ts";

/** A Redis of a test's own, and lines of any number of servers to it. */
export async function openRedisPlace(): Promise<{ readonly link: () => Promise<RedisLink> } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const redis = stack.use(await startRedis());
  const moved = stack.move();
  return {
    // A machine that is busy with other tests may take its time.
    link: async () => moved.use(await openRedis({ url: redis.url, deadlineMs: 10_000, observe: () => undefined })),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}
