import { link, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Announced } from "../ports/signed-urls.ts";
import type { Sealing } from "./object-file.ts";
import { measure, newDraft, syncDirectory, unavailableIfFull, writeDraft } from "./object-store.ts";
import { sealPieces } from "./sealed-file.ts";

export type Received =
  | { readonly kind: "stored" }
  | { readonly kind: "too-large" }
  | { readonly kind: "differs"; readonly sizeBytes: number; readonly sha256: string };

/**
 * Takes an object that is what was announced, and nothing else; it is on disk when this returns, and nobody sees it
 * before. What is too large is not read to its end. A key that is there already keeps its bytes. Throws `StoreUnavailable`
 * where the disk is full.
 */
export async function receiveObject(
  root: string,
  key: string,
  announced: Announced,
  body: AsyncIterable<Uint8Array>,
  sealing: Sealing | undefined,
): Promise<Received> {
  const draft = await newDraft(root).catch(unavailableIfFull);
  const measured = measure(bound(body, announced.sizeBytes));
  const { pieces } = measured;
  try {
    await writeDraft(draft, sealing?.seals ? sealPieces(key, pieces, sealing.vault) : pieces);
    const { sizeBytes, sha256 } = measured.stored();
    if (sizeBytes !== announced.sizeBytes || sha256 !== announced.sha256) return { kind: "differs", sizeBytes, sha256 };
    await publish(draft, join(root, key));
    return { kind: "stored" };
  } catch (error) {
    if (error instanceof TooLarge) return { kind: "too-large" };
    return unavailableIfFull(error);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Ends in TooLarge with the first piece that is too much. */
async function* bound(body: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  for await (const piece of body) {
    sizeBytes += piece.length;
    if (sizeBytes > mostBytes) throw new TooLarge();
    yield piece;
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
