import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

// How each module ends.
const exported = {
  "pyodide.mjs": /\bexport\s*\{\s*(\w+) as loadPyodide\b[^}]*\};?/,
  "pyodide.asm.mjs": /\bexport default (\w+);/,
};

/**
 * Writes Pyodide's modules as scripts, for `openPyodideScripts`: V8 keeps the code of scripts alone, and with `import("node:fs")`
 * Node loads more than all that Pyodide needs of it.
 */
export async function writePyodideScripts(pyodide: string, target: string): Promise<void> {
  for (const [name, end] of Object.entries(exported)) {
    const source = await readFile(join(pyodide, name), "utf8");
    if (!end.test(source)) throw new Error(`${name} of Pyodide does not end as it did: mend write-pyodide-scripts.ts`);
    const body = source
      .replace(end, "return $1;")
      .replace(/\bimport\.meta\.url\b/g, "moduleUrlOfWeir")
      .replace(/\bimport\(/g, "importOfWeir(");
    await writeFile(join(target, `${name}.script`), `(function (moduleUrlOfWeir, importOfWeir) {${body}\n})`);
  }
}
