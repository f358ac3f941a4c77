import assert from "node:assert/strict";
import { test } from "node:test";
import { randomBytes } from "./random-bytes.ts";

test("no bytes are given twice, and none change once they are given", () => {
  const given = Array.from({ length: 5_000 }, () => randomBytes(10));
  const texts = given.map((bytes) => Buffer.from(bytes).toString("hex"));
  assert.equal(new Set(texts).size, 5_000);
  randomBytes(8_192);
  assert.deepEqual(
    given.map((bytes) => Buffer.from(bytes).toString("hex")),
    texts,
  );
});
