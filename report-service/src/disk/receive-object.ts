import { createHash, randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { link, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Announced } from "../ports/signed-urls.ts";
import { draftsOf, syncDirectory } from "./object-store.ts";

export type Received =
  | { readonly kind: "stored" }
  | { readonly kind: "too-large" }
  | { readonly kind: "differs"; readonly sizeBytes: number; readonly sha256: string };

/**
 * Takes an object that is what was announced, and nothing else; it is on disk when this returns, and nobody sees it
 * before. What is too large is not read to its end. A key that is there already keeps its bytes.
 */
export async function receiveObject(
  root: string,
  key: string,
  { sizeBytes: announcedBytes, sha256: announcedHash }: Announced,
  body: AsyncIterable<Uint8Array>,
): Promise<Received> {
  const draft = join(draftsOf(root), randomBytes(16).toString("hex"));
  const hash = createHash("sha256");
  let sizeBytes = 0;
  async function* measured(): AsyncGenerator<Uint8Array> {
    for await (const piece of body) {
      sizeBytes += piece.length;
      if (sizeBytes > announcedBytes) throw new TooLarge();
      hash.update(piece);
      yield piece;
    }
  }

  await mkdir(draftsOf(root), { recursive: true });
  try {
    await pipeline(measured(), createWriteStream(draft, { flags: "wx", mode: 0o600, flush: true }));
    const sha256 = hash.digest("hex");
    if (sizeBytes !== announcedBytes || sha256 !== announcedHash) return { kind: "differs", sizeBytes, sha256 };
    await publish(draft, join(root, key));
    return { kind: "stored" };
  } catch (error) {
    if (error instanceof TooLarge) return { kind: "too-large" };
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

class TooLarge extends Error {}

/** By a link and no rename: what is there is never replaced. */
async function publish(draft: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await link(draft, target).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "EEXIST") throw cause;
  });
  await syncDirectory(dirname(target));
}
