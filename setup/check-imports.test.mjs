import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { wrongImports } from "./check-imports.mjs";
import { root } from "./folders.mjs";

test("every wrong import is named with its file, line and what would be right", () => {
  const folder = "setup/testdata/imports";
  const onlyServe = "but serve may import only model/shape (types), @weir/proto, node:net";
  assert.deepEqual(wrongImports(join(root, folder)), [
    `${folder}/src/lib/text.ts:1: imports model/shape, but lib may import nothing`,
    `${folder}/src/lib/text.ts:2: imports node:fs, but lib may import nothing`,
    `${folder}/src/serve/stream.ts:4: imports model/name (types), ${onlyServe}`,
    `${folder}/src/serve/stream.ts:5: imports model/shape, ${onlyServe}`,
    `${folder}/src/serve/stream.ts:10: imports ../../elsewhere.ts, ${onlyServe}`,
    `${folder}/src/strange.ts: has no row in ${folder}/imports.yaml; give its folder one`,
  ]);
});
