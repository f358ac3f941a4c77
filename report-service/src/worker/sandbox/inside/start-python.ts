import { constants, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PyodideInterface } from "pyodide";
import { openImage } from "./memory-image.ts";
import { compileNext, optimizedCodeFile, restoreModule } from "./optimized-code.ts";
import { openPyodideScripts, type PyodideScripts } from "./pyodide-scripts.ts";
import type { WasmModule } from "./web-assembly.ts";

export type PythonParts = {
  /** The directory of the package. */
  readonly pyodide: string;
  readonly scripts: PyodideScripts;
  /** Pyodide's list of packages, without them. */
  readonly lock: string;
  readonly compile: (bytes: Uint8Array) => WasmModule | undefined;
};

/** In the folder that a sandbox starts from, beside its scripts and its code. */
export const imageFiles = { memory: "memory", lock: "lock.json" } as const;

/** Python from `pyodide`, a package's directory, and from `image`, a folder that was made for it: that takes a tenth of the time. */
export function startPython(pyodide: string, image: string): Promise<PyodideInterface> {
  const code = readFileSync(join(image, optimizedCodeFile));
  return restorePython(
    {
      pyodide,
      scripts: openPyodideScripts(image),
      lock: readFileSync(join(image, imageFiles.lock), "utf8"),
      compile: (bytes) => restoreModule(bytes, code),
    },
    join(image, imageFiles.memory),
  );
}

/** Python with the memory of one that had started. */
export function restorePython(parts: PythonParts, memoryImage: string): Promise<PyodideInterface> {
  const { head, restore } = openImage(memoryImage);
  return loadPython(parts, { snapshot: head, restore });
}

type Restoring = { readonly snapshot: Uint8Array; restore(memory: Uint8Array): void };

/** Python with a memory that `restoring` puts in place, or, without that, one that a snapshot can be made of. */
export function loadPython(
  { pyodide, scripts, lock, compile }: PythonParts,
  restoring?: Restoring,
): Promise<PyodideInterface> {
  // Pyodide asks it for the numbers of file modes, which the permission model refuses.
  Object.assign(process, { binding: () => ({ fs: constants }) });
  let memory: Uint8Array | undefined;
  compileNext(compile, (instance) => {
    memory = new Uint8Array((instance as Instance).exports.memory.buffer);
  });
  return scripts.loadPyodide({
    indexURL: `${pyodide}/`,
    // Python's module `js`: nothing, not even what every object inherits.
    jsglobals: Object.create(null) as object,
    env: { HOME: "/home/pyodide" },
    lockFileContents: lock,
    createPyodideModule: scripts.createPyodideModule,
    ...(restoring ? { _loadSnapshot: restoredBy(restoring, () => memory) } : { _makeSnapshot: true }),
  });
}

/**
 * A snapshot for Pyodide, which cuts the memory off its header and copies it to where Python's memory begins: when it cuts,
 * `restore` puts the memory there, and nothing is left to copy.
 */
function restoredBy({ snapshot, restore }: Restoring, memory: () => Uint8Array | undefined): Uint8Array {
  return Object.assign(snapshot, {
    subarray(begin: number, end?: number): Uint8Array {
      if (begin !== snapshot.length) return Uint8Array.prototype.subarray.call(snapshot, begin, end);
      const own = memory();
      if (!own) throw new Error("Pyodide restores its memory before it has one");
      restore(own);
      return new Uint8Array();
    },
  });
}

type Instance = { readonly exports: { readonly memory: { readonly buffer: ArrayBuffer } } };
