import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { documentKinds } from "../../policy/documents/document-schemas.ts";
import { pageFile, withEffectiveTables } from "./effective-page.ts";

test("docs/effective-on.md says what the code does (node control-plane/src/plan/effective/effective-page.ts)", () => {
  const page = readFileSync(pageFile, "utf8");
  for (const kind of documentKinds) assert.match(page, new RegExp(`<!-- effective: ${kind} -->\n`));
  assert.equal(withEffectiveTables(page), page);
});
