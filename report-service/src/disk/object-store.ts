import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { copyFile, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ObjectStore, Stored, StoredObject } from "../ports/object-store.ts";

const pieceBytes = 64 * 1024;
const mostSpare = 16;
const spare: Buffer[] = [];

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
    async copyOut(key, file, signal) {
      signal.throwIfAborted();
      // A copy and no link: who gets it may change it.
      const copied = copyFile(join(root, key), file, constants.COPYFILE_FICLONE).then(() => syncAndHash(file));
      return copied.catch(undefinedIfMissing);
    },
    async check(key) {
      return syncAndHash(join(root, key)).catch(undefinedIfMissing);
    },
    async remove(prefix) {
      await rm(join(root, prefix), { recursive: true, force: true });
    },
    list: (signal) => filesBelow(root, "", signal),
    async removeUnfinished(beforeMs, keep) {
      let count = 0;
      for (const name of (await readdir(draftsOf(root)).catch(undefinedIfMissing)) ?? []) {
        const path = join(draftsOf(root), name);
        const facts = await stat(path).catch(undefinedIfMissing);
        if (facts === undefined || facts.mtimeMs > beforeMs) continue;
        count += 1;
        if (!keep) await rm(path, { force: true });
      }
      return count;
    },
  };
}

/** Where objects lie that are being sent and not whole yet. No key starts so: tenants have no dots. */
export function draftsOf(root: string): string {
  return join(root, ".drafts");
}

/** A rename or link is durable only once its directory is written (fsync(2), "Calling fsync() does not necessarily…"). */
export async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, "r");
  await handle.sync();
}

export function undefinedIfMissing(cause: NodeJS.ErrnoException): undefined {
  if (cause.code !== "ENOENT") throw cause;
}

async function* filesBelow(root: string, prefix: string, signal: AbortSignal): AsyncGenerator<StoredObject> {
  const entries = await readdir(join(root, prefix), { withFileTypes: true }).catch(undefinedIfMissing);
  for (const entry of entries ?? []) {
    signal.throwIfAborted();
    if (entry.name.startsWith(".")) continue;
    const key = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) {
      yield* filesBelow(root, key, signal);
      continue;
    }
    const facts = await stat(join(root, key)).catch(undefinedIfMissing);
    if (facts) yield { key, sizeBytes: facts.size, writtenAtMs: facts.mtimeMs };
  }
}

/** What is hashed is what is on disk when this returns. */
async function syncAndHash(file: string): Promise<Stored> {
  await using handle = await open(file, "r");
  const hash = createHash("sha256");
  // One for all pieces: a stream takes a new one for each, and what is outside of the heap soon asks for full collections.
  const piece = spare.pop() ?? Buffer.allocUnsafeSlow(pieceBytes);
  let sizeBytes = 0;
  for (let bytesRead = pieceBytes; bytesRead === pieceBytes; sizeBytes += bytesRead) {
    ({ bytesRead } = await handle.read(piece, 0, pieceBytes, sizeBytes));
    hash.update(piece.subarray(0, bytesRead));
  }
  if (spare.length < mostSpare) spare.push(piece);
  await handle.datasync();
  return { sizeBytes, sha256: hash.digest("hex") };
}
