import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../../test/server-process.ts";
import { createDiskObjects } from "./object-store.ts";

const never = new AbortController().signal;

test("a file that was put is read back from any offset, with its size and hash", async () => {
  await using directory = await temporaryDirectory();
  const objects = createDiskObjects(join(directory.path, "objects"));
  const bytes = Buffer.alloc(200_000, "0123456789");
  const file = join(directory.path, "draft");
  await writeFile(file, bytes);
  assert.deepEqual(await objects.put("r/1/report.csv", file), {
    sizeBytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  });
  assert.equal(existsSync(file), false);
  for (const offset of [0, 70_001]) {
    const pieces = [];
    for await (const piece of objects.read("r/1/report.csv", offset, never)) pieces.push(piece);
    assert.deepEqual(Buffer.concat(pieces), bytes.subarray(offset));
  }
});

test("removing takes all attempts of a report and nothing else, also twice", async () => {
  await using directory = await temporaryDirectory();
  const objects = createDiskObjects(directory.path);
  for (const key of ["r/1/a", "r/2/a", "rr/1/a"]) {
    await writeFile(join(directory.path, "draft"), key);
    await objects.put(key, join(directory.path, "draft"));
  }
  await objects.remove("r");
  await objects.remove("r");
  assert.equal(existsSync(join(directory.path, "r")), false);
  assert.equal(existsSync(join(directory.path, "rr/1/a")), true);
});
