import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
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
const inside = join(own, "inside");
const run = promisify(execFile);

/** Finds the packages of a language; `cache` is a directory for what takes long to make and is the same for all workers. */
export async function findSandboxPlaces(language: SandboxLanguage, cache: string): Promise<SandboxPlaces> {
  const modules = await ensureModules(cache);
  const main = join(modules, `${language}-main.js`);
  switch (language) {
    case "javascript": {
      const packages = ["quickjs-emscripten-core", "@jitl/quickjs-ng-wasmfile-release-sync"];
      const entries = packages.map((name) => fileURLToPath(import.meta.resolve(name)));
      return {
        arguments: [main, ...entries, join(modules, "prelude.js")],
        readable: [
          join(modules, "/"),
          ...[...packages, "@jitl/quickjs-ffi-types"].map((name) => join(packageOf(name), "/")),
        ],
      };
    }
    case "python": {
      const pyodide = packageOf("pyodide");
      const snapshot = await ensureSnapshot(pyodide, cache);
      return { arguments: [main, pyodide, snapshot], readable: [join(modules, "/"), join(pyodide, "/"), snapshot] };
    }
  }
}

function packageOf(name: string): string {
  const paths = require.resolve.paths(name) ?? [];
  const found = paths.map((path) => join(path, name)).find((path) => existsSync(join(path, "package.json")));
  if (found === undefined) throw new Error(`the package ${name} is not installed; run npm install`);
  return found;
}

/** Python's snapshot. */
async function ensureSnapshot(pyodide: string, cache: string): Promise<string> {
  const prelude = join(inside, "prelude.py");
  const made = [
    join(pyodide, "package.json"),
    prelude,
    join(inside, "start-python.ts"),
    join(inside, "memory-image.ts"),
  ];
  return ensure(join(cache, `python-${await hashOf(made)}.snapshot`), (draft) => [
    ...[join(own, "snapshot-main.ts"), pyodide, prelude, draft],
  ]);
}

/** What runs in sandboxes, as JavaScript: with the first module in TypeScript Node loads a compiler, an eighth of what a start takes. */
async function ensureModules(cache: string): Promise<string> {
  const main = join(own, "strip-main.ts");
  const made = [main, ...(await readdir(inside)).map((file) => join(inside, file))];
  return ensure(join(cache, `sandbox-${await hashOf(made)}`), (draft) => [main, inside, draft]);
}

async function hashOf(files: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(process.version);
  for (const file of files) hash.update(await readFile(file));
  return hash.digest("hex").slice(0, 16);
}

/** Makes it by a program of ours, whose arguments these are, where it is missing; several processes may do so at once. */
async function ensure(path: string, making: (draft: string) => readonly string[]): Promise<string> {
  if (existsSync(path)) return path;
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  await run(process.execPath, ["--no-warnings", ...making(draft)], { env: {} });
  await rename(draft, path).catch(async (error: Error) => {
    // Another process was first: a folder does not take the place of one that is there.
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(path)) throw error;
  });
  return path;
}
