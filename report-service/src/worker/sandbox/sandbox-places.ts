import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { mkdir, open, readdir, readFile, realpath, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Language } from "../../model/kind.ts";
import { engineFlags } from "./engine-flags.ts";

/** How a sandbox of one language is started: Node's arguments, and all that it may read. */
export type SandboxPlaces = { readonly arguments: readonly string[]; readonly readable: readonly string[] };

type SandboxLanguage = Exclude<Language, "sql">;

const require = createRequire(import.meta.url);
const own = dirname(fileURLToPath(import.meta.url));
const inside = join(own, "inside");
const images = join(own, "image");
const run = promisify(execFile);

/** Finds the packages of a language; `directory` is for what takes long to make and is the same for all workers. */
export async function findSandboxPlaces(language: SandboxLanguage, directory: string): Promise<SandboxPlaces> {
  await mkdir(directory, { recursive: true });
  // Node goes by what a symbolic link leads to when it looks for modules, and by that in its permission model.
  const cache = await realpath(directory);
  const modules = await ensureModules(cache);
  const main = join(modules, `${language}-main.js`);
  switch (language) {
    case "javascript": {
      const packages = ["quickjs-emscripten-core", "@jitl/quickjs-ng-wasmfile-release-sync"];
      const entries = packages.map((name) => fileURLToPath(import.meta.resolve(name)));
      const prelude = join(inside, "prelude.js");
      const folders = [...packages, "@jitl/quickjs-ffi-types"].map(packageOf);
      const image = await ensureImage(language, cache, folders, [...entries, prelude, join(images, "training.js")]);
      return {
        arguments: [main, ...entries, join(modules, "prelude.js"), image],
        readable: [modules, image, ...folders].map((folder) => join(folder, "/")),
      };
    }
    case "python": {
      const pyodide = packageOf("pyodide");
      const texts = [join(inside, "prelude.py"), join(images, "training.py")];
      const image = await ensureImage(language, cache, [pyodide], [pyodide, ...texts]);
      return {
        arguments: [main, pyodide, image],
        readable: [...[modules, image, pyodide].map((folder) => join(folder, "/")), "/dev/urandom"],
      };
    }
  }
}

function packageOf(name: string): string {
  const paths = require.resolve.paths(name) ?? [];
  const found = paths.map((path) => join(path, name)).find((path) => existsSync(join(path, "package.json")));
  if (found === undefined) throw new Error(`the package ${name} is not installed; run npm install`);
  return realpathSync(found);
}

/** A folder that a sandbox starts from, made of packages by a program that has `given` and the folder as its arguments. */
async function ensureImage(
  language: SandboxLanguage,
  cache: string,
  packages: readonly string[],
  given: readonly string[],
): Promise<string> {
  const main = join(images, `${language}-image-main.ts`);
  const made = [...packages.map((folder) => join(folder, "package.json")), join(own, "engine-flags.ts")];
  const hash = await hashOf([...made, ...(await filesOf(images)), ...(await filesOf(inside))]);
  return ensure(join(cache, `${language}-${hash}`), (draft) => [...engineFlags, main, ...given, draft]);
}

/** What runs in sandboxes, as JavaScript: with the first module in TypeScript Node loads a compiler, an eighth of what a start takes. */
async function ensureModules(cache: string): Promise<string> {
  const main = join(own, "strip-main.ts");
  const hash = await hashOf([main, ...(await filesOf(inside))]);
  return ensure(join(cache, `sandbox-${hash}`), (draft) => [main, inside, draft]);
}

async function filesOf(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).sort().map((file) => join(folder, file));
}

async function hashOf(files: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(`${process.version} ${process.arch} ${processorFeatures()}`);
  for (const file of files) hash.update(await readFile(file));
  return hash.digest("hex").slice(0, 16);
}

/** V8 compiles for the processor that it finds, and refuses code for another one. */
function processorFeatures(): string {
  try {
    return /^(?:flags|Features)\s*:.*$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[0] ?? "";
  } catch {
    return cpus()[0]?.model ?? "";
  }
}

/** Makes it by a program of ours, whose arguments these are, where it is missing; several processes may do so at once. */
async function ensure(path: string, making: (draft: string) => readonly string[]): Promise<string> {
  if (existsSync(path)) return path;
  const draft = `${path}.${randomUUID()}`;
  await run(process.execPath, ["--no-warnings", ...making(draft)], { env: {} });
  // A machine that stops right after this must not leave a folder with half of its files.
  for (const file of await filesOf(draft)) await sync(file);
  await rename(draft, path).catch(async (error: Error) => {
    // Another process was first: a folder does not take the place of one that is there.
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(path)) throw error;
  });
  return path;
}

async function sync(path: string): Promise<void> {
  await using file = await open(path);
  await file.sync();
}
