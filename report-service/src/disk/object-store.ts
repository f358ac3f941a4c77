import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ObjectStore } from "../ports/object-store.ts";

const pieceBytes = 64 * 1024;

/** Objects as files below `root`, which must be on the file system that `put` takes its files from. */
export function createDiskObjects(root: string): ObjectStore {
  return {
    async put(key, file) {
      const stored = await syncAndHash(file);
      const target = join(root, key);
      await mkdir(dirname(target), { recursive: true });
      await rename(file, target);
      await syncDirectory(dirname(target));
      return stored;
    },
    async *read(key, offset, signal) {
      yield* createReadStream(join(root, key), { start: offset, highWaterMark: pieceBytes, signal });
    },
    async check(key) {
      return syncAndHash(join(root, key)).catch((cause: NodeJS.ErrnoException) => {
        if (cause.code === "ENOENT") return undefined;
        throw cause;
      });
    },
    async remove(prefix) {
      await rm(join(root, prefix), { recursive: true, force: true });
    },
  };
}

/** What is hashed is what is on disk when this returns. */
async function syncAndHash(file: string): Promise<{ readonly sizeBytes: number; readonly sha256: string }> {
  await using handle = await open(file, "r");
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const piece of handle.createReadStream({ highWaterMark: pieceBytes, autoClose: false })) {
    hash.update(piece);
    sizeBytes += piece.length;
  }
  await handle.datasync();
  return { sizeBytes, sha256: hash.digest("hex") };
}

// A rename is durable only once its directory is written (fsync(2), "Calling fsync() does not necessarily…").
async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, "r");
  await handle.sync();
}
