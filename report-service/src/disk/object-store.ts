import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isOutOfRoom } from "../lib/out-of-room.ts";
import { together } from "../lib/together.ts";
import type { NewObject, ObjectStore, Stored, StoredObject } from "../ports/object-store.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import type { Vault } from "../ports/vault.ts";
import { openObjectFile, type Sealing } from "./object-file.ts";
import { sealPieces } from "./sealed-file.ts";

const fullRetryAfterMs = 5_000;
const pieceBytes = 64 * 1024;
const mostSpare = 16;
const spare: Buffer[] = [];
const never = new AbortController().signal;

/** Objects as files below `root`, which must be on the file system that `put` takes its files from. */
export function createDiskObjects(root: string, sealing?: Sealing): ObjectStore {
  const openObject = (key: string) => openObjectFile(join(root, key), key, sealing?.vault);

  /** Undefined where the file is the object itself, which is hashed with less. */
  async function hashSealed(key: string): Promise<Stored | undefined> {
    if (!sealing) return undefined;
    await using object = await openObject(key);
    if (!object.isSealed) return undefined;
    const measured = measure(object.pieces(0, object.sizeBytes, never));
    for await (const _ of measured.pieces);
    return measured.stored();
  }

  return {
    put(files) {
      const put = sealing?.seals ? sealIn(root, files, sealing.vault) : moveIn(root, files);
      return put.catch(unavailableIfFull);
    },
    async *read(key, offset, signal) {
      await using object = await openObject(key);
      yield* object.pieces(offset, object.sizeBytes, signal);
    },
    async check(key) {
      const hash = async () => (await hashSealed(key)) ?? (await syncAndHash(join(root, key)));
      return hash().catch(undefinedIfMissing);
    },
    async isThere(key) {
      return (await stat(join(root, key)).catch(undefinedIfMissing)) !== undefined;
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

// Step by step for all files, in parallel: each operation takes two threads that wake each other, and each wait for the disk
// may be for all files.
async function moveIn(root: string, files: readonly NewObject[]): Promise<readonly Stored[]> {
  const directories = directoriesOf(root, files);
  const measuring = files.map(({ file }) => syncAndHash(file));
  const making = directories.map((directory) => mkdir(directory, { recursive: true }));
  const [stored] = await together([together(measuring), together(making)]);
  await together(files.map(({ key, file }) => rename(file, join(root, key))));
  await together(directories.map(syncDirectory));
  return stored;
}

/** Writes the files' bytes sealed, and removes them. */
async function sealIn(root: string, files: readonly NewObject[], vault: Vault): Promise<readonly Stored[]> {
  const directories = directoriesOf(root, files);
  await together(directories.map((directory) => mkdir(directory, { recursive: true })));
  const stored = await together(files.map((file) => sealOne(root, file, vault)));
  await together(directories.map(syncDirectory));
  await together(files.map(({ file }) => rm(file, { force: true })));
  return stored;
}

async function sealOne(root: string, { key, file }: NewObject, vault: Vault): Promise<Stored> {
  const draft = await newDraft(root);
  const measured = measure(createReadStream(file, { highWaterMark: pieceBytes }));
  try {
    await writeDraft(draft, sealPieces(key, measured.pieces, vault));
    await rename(draft, join(root, key));
  } catch (cause) {
    await rm(draft, { force: true });
    throw cause;
  }
  return measured.stored();
}

function directoriesOf(root: string, files: readonly NewObject[]): readonly string[] {
  return [...new Set(files.map(({ key }) => dirname(join(root, key))))];
}

/** For the `catch` of what writes: a full disk is so for all, and for a while. */
export function unavailableIfFull(cause: unknown): never {
  if (!isOutOfRoom(cause)) throw cause;
  throw new StoreUnavailable(`the object store is full: ${(cause as Error).message}`, fullRetryAfterMs, cause);
}

/** The same pieces, and what they were once they are over. */
export function measure(pieces: AsyncIterable<Uint8Array>): {
  readonly pieces: AsyncIterable<Uint8Array>;
  stored(): Stored;
} {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  async function* measured(): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      sizeBytes += piece.length;
      hash.update(piece);
      yield piece;
    }
  }
  return { pieces: measured(), stored: () => ({ sizeBytes, sha256: hash.digest("hex") }) };
}

/** By one writer, for nobody else to read; on disk when this returns. */
export async function writeDraft(draft: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  // A stream that opens its file by itself may do so after its pieces have failed and the draft was removed.
  const file = await open(draft, "wx", 0o600);
  await pipeline(pieces, file.createWriteStream({ flush: true }));
}

/** A name that no draft has yet. */
export async function newDraft(root: string): Promise<string> {
  await mkdir(draftsOf(root), { recursive: true });
  return join(draftsOf(root), randomBytes(16).toString("hex"));
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
