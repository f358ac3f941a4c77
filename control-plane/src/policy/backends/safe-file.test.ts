import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../testing.ts";
import { previousOf, readSafely, writeSafely } from "./safe-file.ts";

test("what was written is read back, and what was there before is kept", async () => {
  await using place = await temporaryDirectory();
  const path = join(place.dir, "x.state");
  assert.deepEqual(await readSafely(path), { kind: "absent" });
  await writeSafely(path, "one\n");
  assert.deepEqual(await readSafely(previousOf(path)), { kind: "absent" });
  await writeSafely(path, "two ü");
  assert.deepEqual(await readSafely(path), { kind: "good", text: "two ü" });
  assert.deepEqual(await readSafely(previousOf(path)), { kind: "good", text: "one\n" });
  assert.deepEqual((await readdir(place.dir)).sort(), ["previous-x.state", "x.state"]);
});

test("every cut and every changed byte is found", async () => {
  await using place = await temporaryDirectory();
  const path = join(place.dir, "x.state");
  await writeSafely(path, '{"a":1}');
  const whole = await readFile(path);
  for (let length = 0; length < whole.length; length += 1) {
    await writeFile(path, whole.subarray(0, length));
    assert.equal((await readSafely(path)).kind, "damaged", `cut after ${length}`);
    const changed = Buffer.from(whole);
    changed[length] = (changed[length] ?? 0) ^ 1;
    await writeFile(path, changed);
    assert.equal((await readSafely(path)).kind, "damaged", `byte ${length}`);
  }
});

test("what a crash left of an earlier write is written over", async () => {
  await using place = await temporaryDirectory();
  const path = join(place.dir, "x.state");
  await writeSafely(path, "one");
  await writeFile(`${path}.new`, "half");
  await writeFile(`${previousOf(path)}.new`, "half");
  await writeSafely(path, "two");
  assert.deepEqual(await readSafely(path), { kind: "good", text: "two" });
  assert.deepEqual(await readSafely(previousOf(path)), { kind: "good", text: "one" });
});
