import { constants } from "node:fs";
import type { loadPyodide as Load, PyodideInterface } from "pyodide";
import { openImage, packImage } from "./memory-image.ts";
import { webAssembly } from "./web-assembly.ts";

/** What kinds are likely to import; loaded once, into the snapshot. */
const standardModules = [
  ..."bisect calendar collections csv dataclasses datetime decimal enum fractions functools hashlib heapq io".split(
    " ",
  ),
  ..."itertools json math operator os random re statistics string textwrap traceback types typing uuid".split(" "),
];

/** Python from `pyodide`, a package's directory, and from what `makeSnapshot` wrote: that takes a sixth of the time. */
export async function startPython(pyodide: string, snapshot: string): Promise<PyodideInterface> {
  const { head, restore } = openImage(snapshot);
  return load(pyodide, { _loadSnapshot: restoredBy(head, restore) });
}

/** The memory of a Python that has loaded the standard modules and `prelude`. */
export async function makeSnapshot(pyodide: string, prelude: string): Promise<Uint8Array> {
  const python = await load(pyodide, { _makeSnapshot: true });
  python.runPython(`import ${standardModules.join(", ")}`);
  python.runPython(prelude);
  const snapshot = python.makeMemorySnapshot();
  // Of its header, which Pyodide wants whole, the second number is the size.
  const [, headLength = 0] = new Uint32Array(snapshot.buffer, snapshot.byteOffset, 2);
  const [head, memory] = [snapshot.slice(0, headLength), snapshot.subarray(headLength)];
  let found = new Uint8Array();
  await load(pyodide, {
    _loadSnapshot: restoredBy(head, (target) => {
      found = target.slice();
      target.set(memory);
    }),
  });
  return packImage(head, memory, found);
}

async function load(pyodide: string, options: Parameters<typeof Load>[0]): Promise<PyodideInterface> {
  // Pyodide asks it for the numbers of file modes, which the permission model refuses.
  Object.assign(process, { binding: () => ({ fs: constants }) });
  const { loadPyodide } = (await import(`${pyodide}/pyodide.mjs`)) as { readonly loadPyodide: typeof Load };
  return loadPyodide({
    indexURL: `${pyodide}/`,
    // Python's module `js`: nothing, not even what every object inherits.
    jsglobals: Object.create(null) as object,
    env: { HOME: "/home/pyodide" },
    ...options,
  });
}

/**
 * A snapshot for Pyodide, which cuts the memory off its header and copies it to where Python's memory begins: when it cuts,
 * `restore` puts the memory there, and nothing is left to copy.
 */
function restoredBy(head: Uint8Array, restore: (memory: Uint8Array) => void): Uint8Array {
  let memory: Uint8Array | undefined;
  const { instantiate } = webAssembly;
  webAssembly.instantiate = async (source, imports) => {
    const made = (await instantiate(source, imports)) as Instance | { readonly instance: Instance };
    const own = ("instance" in made ? made.instance : made).exports.memory;
    if (own) {
      memory = new Uint8Array(own.buffer);
      webAssembly.instantiate = instantiate;
    }
    return made;
  };
  return Object.assign(head, {
    subarray(begin: number, end?: number): Uint8Array {
      if (begin !== head.length) return Uint8Array.prototype.subarray.call(head, begin, end);
      if (!memory) throw new Error("Pyodide restores its memory before it has one");
      restore(memory);
      return new Uint8Array();
    },
  });
}

type Instance = { readonly exports: { readonly memory?: { readonly buffer: ArrayBuffer } } };
