import { type CipherGCM, createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import type { SealedParameters } from "../model/report.ts";
import { ObjectDamaged } from "../ports/object-store.ts";
import { SealBroken, type Vault } from "../ports/vault.ts";

const cipher = "aes-256-gcm";
const keyBytes = 32;
const tagBytes = 16;
const segmentBytes = 64 * 1024;
const sealedBytes = segmentBytes + tagBytes;
const magic = Buffer.from("weir sealed object 1\n");
const lengthBytes = 2;
// What the vault makes of a key is a few hundred characters.
const mostHeader = 4_096;

/** Where the segments begin, and what they are opened with. */
export type SealedFile = { readonly start: number; readonly dataKey: Buffer };

/**
 * The bytes of a file in which an object lies encrypted: a header with a data key of its own, which the vault has wrapped
 * for this object, and segments of 64 KiB, each with AES-256-GCM under its number and whether it is the last. So any part can
 * be read alone, and segments that were swapped, dropped or cut off are noticed ("Online Authenticated-Encryption and its
 * Nonce-Reuse Misuse-Resistance", Hoang, Reyhanitabar, Rogaway, Vizár, 2015: STREAM).
 */
export async function* sealPieces(
  key: string,
  pieces: AsyncIterable<Uint8Array>,
  vault: Vault,
): AsyncGenerator<Uint8Array> {
  const dataKey = randomBytes(keyBytes);
  yield header(vault.seal(dataKey.toString("base64"), ownerOf(key)));
  const segment = Buffer.allocUnsafeSlow(segmentBytes);
  let filled = 0;
  let index = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      // Only what comes next tells that a full one is not the last.
      if (filled === segmentBytes) {
        yield seal(dataKey, index, false, segment);
        index += 1;
        filled = 0;
      }
      const taken = piece.subarray(at, at + segmentBytes - filled);
      segment.set(taken, filled);
      filled += taken.length;
      at += taken.length;
    }
  }
  yield seal(dataKey, index, true, segment.subarray(0, filled));
}

/** Undefined where the object lies in the file as it is. Throws where it was sealed for another object, or with a key that is gone. */
export async function openSealed(file: FileHandle, key: string, vault: Vault): Promise<SealedFile | undefined> {
  const head = Buffer.alloc(magic.length + lengthBytes);
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  if (bytesRead < head.length || !head.subarray(0, magic.length).equals(magic)) return undefined;
  const length = head.readUInt16BE(magic.length);
  if (length > mostHeader) throw new ObjectDamaged(key);
  const text = Buffer.alloc(length);
  await file.read(text, 0, length, head.length);
  const sealed = parse(text, key);
  try {
    const dataKey = Buffer.from(vault.open(sealed, ownerOf(key)), "base64");
    return { start: head.length + length, dataKey };
  } catch (cause) {
    throw cause instanceof SealBroken ? new ObjectDamaged(key, { cause }) : cause;
  }
}

/** How long an object is that lies sealed in a file of so many bytes. */
export function openedBytes({ start }: SealedFile, fileBytes: number): number {
  return Math.max(0, fileBytes - start - tagBytes * segmentsOf(fileBytes - start));
}

/** The object's bytes from `first` up to and without `end`; throws `ObjectDamaged` before it gives any that were changed. */
export async function* openPieces(
  file: FileHandle,
  key: string,
  { start, dataKey }: SealedFile,
  fileBytes: number,
  { first, end }: { readonly first: number; readonly end: number },
): AsyncGenerator<Uint8Array> {
  const last = segmentsOf(fileBytes - start) - 1;
  // The last one is looked at even where nothing of it is asked for: that it is there tells that the file is whole.
  const from = Math.min(Math.floor(first / segmentBytes), last);
  const to = Math.min(Math.max(from, Math.ceil(end / segmentBytes) - 1), last);
  const sealed = Buffer.allocUnsafeSlow(sealedBytes);
  for (let index = from; index <= to; index += 1) {
    const { bytesRead } = await file.read(sealed, 0, sealedBytes, start + index * sealedBytes);
    const plain = open(dataKey, index, index === last, sealed.subarray(0, bytesRead), key);
    const before = index * segmentBytes;
    const piece = plain.subarray(Math.max(0, first - before), Math.max(0, end - before));
    if (piece.length > 0) yield piece;
  }
}

// An object that was moved cannot be opened, and what seals something else seals no object.
function ownerOf(key: string): string {
  return `object ${key}`;
}

function header(sealed: SealedParameters): Buffer {
  const text = Buffer.from(JSON.stringify(sealed));
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt16BE(text.length);
  return Buffer.concat([magic, length, text]);
}

function parse(text: Buffer, key: string): SealedParameters {
  try {
    return JSON.parse(text.toString()) as SealedParameters;
  } catch (cause) {
    throw new ObjectDamaged(key, { cause });
  }
}

function segmentsOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / sealedBytes));
}

/** A data key seals one object only, so that its segments' numbers never repeat. */
function ivOf(index: number, isLast: boolean): Buffer {
  const iv = Buffer.alloc(12);
  iv.writeUInt32BE(index, 7);
  iv[11] = isLast ? 1 : 0;
  return iv;
}

function seal(dataKey: Buffer, index: number, isLast: boolean, plain: Buffer): Buffer {
  const sealing: CipherGCM = createCipheriv(cipher, dataKey, ivOf(index, isLast), { authTagLength: tagBytes });
  return Buffer.concat([sealing.update(plain), sealing.final(), sealing.getAuthTag()]);
}

function open(dataKey: Buffer, index: number, isLast: boolean, sealed: Buffer, key: string): Buffer {
  try {
    const opening = createDecipheriv(cipher, dataKey, ivOf(index, isLast), { authTagLength: tagBytes });
    opening.setAuthTag(sealed.subarray(-tagBytes));
    return Buffer.concat([opening.update(sealed.subarray(0, -tagBytes)), opening.final()]);
  } catch (cause) {
    throw new ObjectDamaged(key, { cause });
  }
}
