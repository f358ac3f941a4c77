import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonLines } from "./json-lines.ts";

async function read(chunks: readonly (string | Buffer)[], maxBytes = 100): Promise<readonly unknown[]> {
  async function* body() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const values: unknown[] = [];
  for await (const value of jsonLines(body(), maxBytes)) values.push(value);
  return values;
}

test("values come out whole, however their bytes came in", async () => {
  assert.deepEqual(await read(['{"a":1}\n{"a"', ":", "2}\n", "\n", "3\n"]), [{ a: 1 }, { a: 2 }, 3]);
  const text = Buffer.from('"größe"\n');
  assert.deepEqual(await read([text.subarray(0, 4), text.subarray(4)]), ["größe"]);
});

test("a body that breaks off in the middle, is no JSON or too long is an error", async () => {
  await assert.rejects(read(['{"a":1}\n{"a"']), /broke off in the middle of an event/);
  await assert.rejects(read(["<html>\n"]), SyntaxError);
  await assert.rejects(read(["x".repeat(60), "x".repeat(60)]), /longer than 100 bytes/);
});
