import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Language } from "../../model/kind.ts";

/** How a sandbox of one language is started: Node's arguments, and all that it may read. */
export type SandboxPlaces = { readonly arguments: readonly string[]; readonly readable: readonly string[] };

type SandboxLanguage = Exclude<Language, "sql">;

const require = createRequire(import.meta.url);
const own = dirname(fileURLToPath(import.meta.url));
const run = promisify(execFile);

/** Finds the packages of a language; `cache` is a directory for what takes long to make and is the same for all workers. */
export async function findSandboxPlaces(language: SandboxLanguage, cache: string): Promise<SandboxPlaces> {
  // Node asks the nearest package.json how a file of ours is to be read.
  const readable = [join(own, "/"), fileURLToPath(new URL("../../../package.json", import.meta.url))];
  switch (language) {
    case "javascript": {
      const packages = ["quickjs-emscripten-core", "@jitl/quickjs-ng-wasmfile-release-sync"];
      const entries = packages.map((name) => fileURLToPath(import.meta.resolve(name)));
      return {
        arguments: [join(own, "javascript-main.ts"), ...entries, join(own, "prelude.js")],
        readable: [...readable, ...[...packages, "@jitl/quickjs-ffi-types"].map((name) => join(packageOf(name), "/"))],
      };
    }
    case "python": {
      const pyodide = packageOf("pyodide");
      const snapshot = await ensureSnapshot(pyodide, cache);
      return {
        arguments: [join(own, "python-main.ts"), pyodide, snapshot],
        readable: [...readable, join(pyodide, "/"), snapshot],
      };
    }
  }
}

function packageOf(name: string): string {
  const paths = require.resolve.paths(name) ?? [];
  const found = paths.map((path) => join(path, name)).find((path) => existsSync(join(path, "package.json")));
  if (found === undefined) throw new Error(`the package ${name} is not installed; run npm install`);
  return found;
}

/** Makes Python's snapshot where it is missing; several processes may do so at once. */
async function ensureSnapshot(pyodide: string, cache: string): Promise<string> {
  const hash = createHash("sha256").update(process.version);
  for (const file of [join(pyodide, "package.json"), join(own, "prelude.py"), join(own, "start-python.ts")]) {
    hash.update(await readFile(file));
  }
  const path = join(cache, `python-${hash.digest("hex").slice(0, 16)}.snapshot`);
  if (existsSync(path)) return path;
  await mkdir(cache, { recursive: true });
  const draft = `${path}.${process.pid}`;
  await run(process.execPath, [join(own, "snapshot-main.ts"), pyodide, join(own, "prelude.py"), draft], { env: {} });
  await rename(draft, path);
  return path;
}
