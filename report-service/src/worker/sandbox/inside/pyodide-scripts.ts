import { constants, existsSync, openSync, readFileSync, readSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Script } from "node:vm";
import type { loadPyodide as Load, PyodideConfig } from "pyodide";

/** Pyodide's own JavaScript, and what V8 has made of it by now. */
export type PyodideScripts = {
  readonly loadPyodide: typeof Load;
  readonly createPyodideModule: CreateModule;
  /** For the next process, which then need not compile what this one has called: by file. */
  code(): readonly (readonly [path: string, code: Uint8Array])[];
};

type CreateModule = NonNullable<PyodideConfig["createPyodideModule"]>;

/** A script is the body of a function that gets from its caller what a module would import, and its own address. */
type AsFunction = (moduleUrl: string, importModule: (name: string) => Promise<object>) => unknown;

/** Opens the two modules of Pyodide that `writePyodideScripts` has put into `folder`. */
export function openPyodideScripts(folder: string): PyodideScripts {
  const opened = ["pyodide.mjs", "pyodide.asm.mjs"].map((name) => {
    const path = join(folder, `${name}.script`);
    const code = `${path}.code`;
    const cachedData = existsSync(code) ? readFileSync(code) : undefined;
    const script = new Script(readFileSync(path, "utf8"), { filename: path, ...(cachedData && { cachedData }) });
    const run = script.runInThisContext() as AsFunction;
    // Its function is kept as well: V8 keeps the code of what somebody can still call.
    return { path: code, script, run, exported: run(pathToFileURL(path).href, importModule) };
  });
  return {
    loadPyodide: opened[0]?.exported as typeof Load,
    createPyodideModule: opened[1]?.exported as CreateModule,
    code: () => opened.map(({ path, script }) => [path, script.createCachedData()]),
  };
}

/** Who reads and writes Python's own streams: there is nothing to read, and what is written is for nobody. */
const nobody = {
  readSync: () => 0,
  writeSync: (_stream: number, data: Uint8Array, _offset?: number, length = data.length) => length,
  fsyncSync() {},
};

// All of its host that Pyodide is given. Node's own modules for most of these take as long to load as a quarter of Python.
const parts = new Map<string, object>(
  Object.entries({
    "node:fs": { constants, readFileSync, ...nobody },
    "node:fs/promises": { readFile: async (path: string) => readFileSync(path) },
    "node:path": { dirname, resolve, sep },
    "node:url": { fileURLToPath, default: { pathToFileURL } },
    "node:vm": { default: {} },
    "node:tty": { isatty: () => false },
    "node:crypto": { randomFillSync },
    "node:module": { createRequire: () => partOf },
  }),
);

function partOf(name: string): object {
  const part = parts.get(name);
  if (part === undefined) throw new Error(`Python in a sandbox has no ${name}`);
  return part;
}

const importModule = async (name: string) => partOf(name);

let random: number | undefined;

/** random(4): what Node's own function is seeded with. */
function randomFillSync(target: Uint8Array): Uint8Array {
  random ??= openSync("/dev/urandom", "r");
  for (let at = 0; at < target.length; ) at += readSync(random, target, at, target.length - at, null);
  return target;
}
