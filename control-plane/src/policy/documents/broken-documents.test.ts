import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { problemText } from "../../lib/parsed.ts";
import { problemsOfSet } from "../check-directory.ts";
import { noon } from "../testing.ts";
import { documentSetOf } from "./document-set.ts";

// Each file says in its first line what is wrong; beside it stands what its author is told. Rewrite those with
// WEIR_GOLDEN=write node --test control-plane/src/policy/documents/broken-documents.test.ts, and read the difference.

const folder = new URL("../../../testdata/documents/broken/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));

for (const file of files) {
  const text = readFileSync(new URL(file, folder), "utf8");
  const expected = new URL(file.replace(/\.yaml$/, ".txt"), folder);

  test(`${file}: ${text.split("\n", 1)[0]?.slice(2)}`, () => {
    const told = problemsOfSet(documentSetOf([{ path: file, text }], noon)).map(
      (problem) => `${problemText(problem)}\n`,
    );
    assert.notEqual(told.length, 0, "nothing was found wrong");
    if (process.env["WEIR_GOLDEN"] === "write") writeFileSync(expected, told.join(""));
    else assert.equal(told.join(""), existsSync(expected) ? readFileSync(expected, "utf8") : "(nothing yet)");
  });
}

test("there are broken documents of every kind", () => {
  assert.ok(files.length >= 30);
});
