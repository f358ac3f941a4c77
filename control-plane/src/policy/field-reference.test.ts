import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { documentKinds } from "./documents/document-schemas.ts";
import { referenceFile, withFieldTables } from "./field-reference.ts";

test("docs/documents.md has the fields of the schemas (node control-plane/src/policy/field-reference.ts)", () => {
  const page = readFileSync(referenceFile, "utf8");
  for (const kind of documentKinds) assert.match(page, new RegExp(`<!-- fields of ${kind} -->\n\\| field `));
  assert.equal(withFieldTables(page), page);
});
