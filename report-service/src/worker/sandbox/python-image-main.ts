// Writes a snapshot of a Python that has started, for the sandboxes to start from.
import { readFile, writeFile } from "node:fs/promises";
import { makeSnapshot } from "./inside/start-python.ts";

const [pyodide = "", prelude = "", target = ""] = process.argv.slice(2);
await writeFile(target, await makeSnapshot(pyodide, await readFile(prelude, "utf8")));
process.exit();
