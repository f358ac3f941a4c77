import assert from "node:assert/strict";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { makeFolder } from "../../../../../test/kit/folder.ts";
import { openImage, packImage } from "./memory-image.ts";

const page = (byte: number) => new Uint8Array(4096).fill(byte);
const pages = (...bytes: readonly number[]) => Uint8Array.from(Buffer.concat(bytes.map(page)));

test("an image gives a memory back byte by byte, also where that was written to before, and holds no empty pages", async () => {
  await using folder = await makeFolder("image");
  const path = join(folder.path, "image");
  const head = Uint8Array.from([1, 2, 3, 4]);
  const memory = pages(7, 0, 0, 8, 9, 0);
  // The third page is empty in the image, and not where it goes.
  const found = () => pages(0, 0, 5, 0, 6, 0);
  const image = packImage(head, memory, found());
  assert.ok(image.length < 4.1 * 4096, `${image.length} bytes`);
  await writeFile(path, image);
  const opened = openImage(path);
  assert.deepEqual(opened.head, head);
  const restored = found();
  opened.restore(restored);
  assert.deepEqual(Buffer.from(restored), Buffer.from(memory));
});

test("an image that lost its end says so", async () => {
  await using folder = await makeFolder("image");
  const path = join(folder.path, "image");
  const image = packImage(new Uint8Array(4), pages(1, 2), pages(0, 0));
  await writeFile(path, image);
  await truncate(path, image.length - 1);
  assert.throws(() => openImage(path).restore(pages(0, 0)), /ends after \d+ bytes, before its image does/);
});
