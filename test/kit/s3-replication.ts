import { makeFolder } from "./folder.ts";
import { startProcess } from "./process.ts";
import { type S3Server, weedPath } from "./s3.ts";

const bucket = "/buckets/reports";

/** SeaweedFS's own replication of a bucket, `weed filer.sync`, in both directions between two servers. */
export type S3Replication = AsyncDisposable & {
  /** Halts it: what is put meanwhile is copied once it goes on. */
  freeze(): void;
  thaw(): void;
};

/** What is put into either is in the other one moments later. */
export async function replicateS3(one: S3Server, other: S3Server): Promise<S3Replication> {
  await using starting = new AsyncDisposableStack();
  // It writes where its process began.
  const folder = starting.use(await makeFolder("filer-sync"));
  const args = [`-a=${one.filer}`, `-b=${other.filer}`, `-a.path=${bucket}`, `-b.path=${bucket}`];
  const sync = startProcess({
    ...{ name: "filer.sync", command: weedPath(), args: ["filer.sync", ...args], cwd: folder.path },
  });
  starting.defer(async () => void (await sync.stop("SIGKILL")));
  const started = starting.move();
  return {
    freeze: () => sync.signal("SIGSTOP"),
    thaw: () => sync.signal("SIGCONT"),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}
