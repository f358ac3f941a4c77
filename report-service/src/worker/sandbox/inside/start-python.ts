import { constants } from "node:fs";
import type { loadPyodide as Load, PyodideInterface } from "pyodide";

/** What kinds are likely to import; loaded once, into the snapshot. */
const standardModules = [
  ..."bisect calendar collections csv dataclasses datetime decimal enum fractions functools hashlib heapq io".split(
    " ",
  ),
  ..."itertools json math operator os random re statistics string textwrap traceback types typing uuid".split(" "),
];

/** Python from `pyodide`, a package's directory, and from a snapshot of its memory: that takes a sixth of the time. */
export async function startPython(pyodide: string, snapshot: Uint8Array | "make"): Promise<PyodideInterface> {
  // Pyodide asks it for the numbers of file modes, which the permission model refuses.
  Object.assign(process, { binding: () => ({ fs: constants }) });
  const { loadPyodide } = (await import(`${pyodide}/pyodide.mjs`)) as { readonly loadPyodide: typeof Load };
  return loadPyodide({
    indexURL: `${pyodide}/`,
    // Python's module `js`: nothing, not even what every object inherits.
    jsglobals: Object.create(null) as object,
    env: { HOME: "/home/pyodide" },
    ...(snapshot === "make" ? { _makeSnapshot: true } : { _loadSnapshot: snapshot }),
  });
}

/** The memory of a Python that has loaded the standard modules and `prelude`. */
export async function makeSnapshot(pyodide: string, prelude: string): Promise<Uint8Array> {
  const python = await startPython(pyodide, "make");
  python.runPython(`import ${standardModules.join(", ")}`);
  python.runPython(prelude);
  return python.makeMemorySnapshot();
}
