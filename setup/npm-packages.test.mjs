import assert from "node:assert/strict";
import { test } from "node:test";
import { isCovered } from "./npm-packages.mjs";

const wanted = {
  "": { version: "1.0.0" },
  "node_modules/a": { version: "1.0.0", integrity: "sha512-a" },
  "node_modules/mac-only": { version: "1.0.0", integrity: "sha512-m", optional: true },
};

test("packages of other platforms need not be there", () => {
  assert(isCovered(wanted, { "node_modules/a": { version: "1.0.0", integrity: "sha512-a" } }));
});

test("nothing, another version and other content are not what is wanted", () => {
  assert(!isCovered(wanted, {}));
  assert(!isCovered(wanted, { "node_modules/a": { version: "1.0.1", integrity: "sha512-a" } }));
  assert(!isCovered(wanted, { "node_modules/a": { version: "1.0.0", integrity: "sha512-b" } }));
});
