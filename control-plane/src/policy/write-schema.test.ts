import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { schemaFile, schemaText } from "./write-schema.ts";

test("the schema for editors is the one that documents are checked with", () => {
  const hint = "schema/v1alpha1.json is old; run: node control-plane/src/policy/write-schema.ts";
  assert.ok(readFileSync(schemaFile, "utf8") === schemaText(), hint);
});
