import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { bytesOf } from "../../test/contract/object-store.ts";
import { temporaryDirectory } from "../../test/server-process.ts";
import { ObjectDamaged } from "../ports/object-store.ts";
import { createVault } from "../vault/vault.ts";
import { openObjectFile } from "./object-file.ts";
import { sealPieces } from "./sealed-file.ts";

const never = new AbortController().signal;
const segment = 65_536;
const vault = createVault([ringKey("a")]);

test("what is sealed is read back, the whole and any part of it, and no byte of it lies in the file", async () => {
  await using directory = await temporaryDirectory();
  for (const length of [0, 1, segment - 1, segment, segment + 1, 3 * segment, 200_001]) {
    const bytes = Buffer.alloc(length, "canary in a mine, ");
    const path = await sealInto(directory.path, "t/r/1/a", bytes);
    assert.equal((await rawBytes(path)).includes("canary"), false);
    for (const [first, end] of [
      [0, length],
      [length, length],
      [Math.floor(length / 2), length],
      [Math.max(0, segment - 2), Math.min(length, segment + 2)],
    ] as const) {
      if (first > end) continue;
      assert.ok((await read(path, "t/r/1/a", first, end)).equals(bytes.subarray(first, end)), `${length} ${first}`);
    }
  }
});

test("however its pieces came, it is the same object", async () => {
  await using directory = await temporaryDirectory();
  const bytes = randomBytes(150_000);
  for (const size of [1_000, segment - 1, segment, segment + 1, 150_000]) {
    const path = await sealInto(directory.path, "t/r/1/a", bytes, size);
    assert.ok((await read(path, "t/r/1/a", 0, bytes.length)).equals(bytes));
  }
});

test("a bit that was flipped, a file that was cut off or moved, and segments that were swapped are noticed", async () => {
  await using directory = await temporaryDirectory();
  const path = await sealInto(directory.path, "t/r/1/a", randomBytes(2 * segment + 10));
  const whole = await rawBytes(path);
  const start = whole.length - (2 * (segment + 16) + 26);
  const damaged = async (bytes: Buffer, key = "t/r/1/a") => {
    await writeFile(path, bytes);
    await assert.rejects(
      openObjectFile(path, key, vault).then(async (file) => {
        await using object = file;
        await bytesOf(object.pieces(0, object.sizeBytes, never));
      }),
      ObjectDamaged,
    );
  };
  for (const place of [60, start - 1, start, start + segment + 15, start + segment + 16, whole.length - 1]) {
    const changed = Buffer.from(whole);
    changed[place] = (changed[place] ?? 0) ^ 1;
    await damaged(changed);
  }
  for (const cut of [1, 26, 27, 26 + segment + 16]) await damaged(whole.subarray(0, whole.length - cut));
  const [one, two] = [start, start + segment + 16];
  await damaged(
    Buffer.concat([
      whole.subarray(0, one),
      whole.subarray(two, two + segment + 16),
      whole.subarray(one, two),
      whole.subarray(two + segment + 16),
    ]),
  );
  await damaged(whole, "t/r/1/b");
});

test("a key that was rotated opens what it sealed, and one that is gone is named", async () => {
  await using directory = await temporaryDirectory();
  const [old, young] = [ringKey("old"), ringKey("young")];
  const path = await sealInto(directory.path, "t/r/1/a", Buffer.from("x"), 10, createVault([old]));
  assert.equal((await read(path, "t/r/1/a", 0, 1, createVault([young, old]))).toString(), "x");
  await assert.rejects(read(path, "t/r/1/a", 0, 1, createVault([young])), /sealed with the key old, which this server/);
});

async function sealInto(directory: string, key: string, bytes: Buffer, pieceBytes = 64 * 1024, by = vault) {
  const path = join(directory, randomBytes(8).toString("hex"));
  await writeFile(path, await bytesOf(sealPieces(key, piecesOf(bytes, pieceBytes), by)));
  return path;
}

async function* piecesOf(bytes: Buffer, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

async function read(path: string, key: string, first: number, end: number, by = vault): Promise<Buffer> {
  await using object = await openObjectFile(path, key, by);
  return await bytesOf(object.pieces(first, end, never));
}

async function rawBytes(path: string): Promise<Buffer> {
  await using file = await open(path);
  return file.readFile();
}

function ringKey(id: string) {
  return { id, key: createSecretKey(randomBytes(32)) };
}
