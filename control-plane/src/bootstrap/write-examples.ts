// node control-plane/src/bootstrap/write-examples.ts: rewrites the bootstraps in envoy/.
import { writeFile } from "node:fs/promises";
import { exampleBootstraps } from "./examples.ts";

for (const [file, text] of exampleBootstraps) await writeFile(new URL(`../../../${file}`, import.meta.url), text);
