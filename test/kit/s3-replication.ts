import { makeFolder } from "./folder.ts";
import { lastWords, startProcess } from "./process.ts";
import { type S3Server, weedPath } from "./s3.ts";

const bucket = "/buckets/reports";

/** SeaweedFS's own replication of a bucket, `weed filer.sync`, in both directions between two servers. */
export type S3Replication = AsyncDisposable & {
  /** Halts it: what is put meanwhile is copied once it goes on. */
  freeze(): void;
  thaw(): void;
  /** Starts it anew, and has it look at all that was put since then: what it could not copy to a server that was away, it forgot. */
  repeatFrom(timeMs: number): Promise<void>;
  /** True where both have the same objects, as `weed filer.sync.verify` sees it; throws what it says where they have not. */
  agrees(): Promise<true>;
};

/** What is put into either is in the other one moments later. */
export async function replicateS3(one: S3Server, other: S3Server): Promise<S3Replication> {
  await using starting = new AsyncDisposableStack();
  // It writes where its process began.
  const folder = starting.use(await makeFolder("filer-sync"));
  const sides = [`-a=${one.filer}`, `-b=${other.filer}`, `-a.path=${bucket}`, `-b.path=${bucket}`];
  const weed = (command: string, ...more: readonly string[]) =>
    startProcess({ name: command, command: weedPath(), args: [command, ...sides, ...more], cwd: folder.path });
  let sync = weed("filer.sync");
  starting.defer(async () => void (await sync.stop("SIGKILL")));
  const started = starting.move();
  return {
    freeze: () => sync.signal("SIGSTOP"),
    thaw: () => sync.signal("SIGCONT"),
    async repeatFrom(timeMs) {
      await sync.stop("SIGKILL");
      const from = Math.floor(timeMs);
      sync = weed("filer.sync", `-a.fromTsMs=${from}`, `-b.fromTsMs=${from}`);
    },
    async agrees() {
      const verify = weed("filer.sync.verify");
      const { code } = await verify.exit;
      if (code !== 0) throw new Error(lastWords(verify));
      return true;
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}
