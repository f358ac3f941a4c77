/**
 * One row of an `imports.yaml`: what the files of a folder (or one file, without `.ts`) may import. Its own folder always.
 * @typedef {object} Row
 * @property {readonly string[]} [may] folders and files of `src` that have a row, or single files
 * @property {readonly string[]} [types] the same, but for `import type` only
 * @property {readonly string[]} [packages] npm packages, `node:` modules, paths outside of `src`; `*` at the end stands for any rest
 * @typedef {Readonly<Record<string, Row>>} Rows
 * @typedef {{ readonly line: number, readonly from: string, readonly typeOnly: boolean }} Import
 */

// A whole statement from its keyword to the module's name, over line breaks; strings and parentheses end what is not one.
const statement = /\b(?:import|export)\s+(type\s)?([^"'();]*?)\s*\bfrom\s*"([^"]+)"|\bimport\s*\(?\s*"([^"]+)"/g;

/**
 * The imports and re-exports of a source file.
 * @param {string} source
 * @returns {readonly Import[]}
 */
export function importsOf(source) {
  return [...source.matchAll(statement)].map(({ index, 1: type, 3: from, 4: bare }) => ({
    line: source.slice(0, index).split("\n").length,
    from: from ?? bare ?? "",
    typeOnly: type !== undefined,
  }));
}

/**
 * The row that holds for a file: of those that name it or a folder above it, the longest.
 * @param {Rows} rows
 * @param {string} file relative to `src`, without `.ts`
 */
export function rowOf(rows, file) {
  return Object.keys(rows)
    .filter((row) => file === row || file.startsWith(`${row}/`))
    .sort((a, b) => b.length - a.length)[0];
}

/**
 * Whether a file under a row may have this import.
 * @param {Rows} rows
 * @param {string} row
 * @param {string} target a file of `src` without `.ts`, or a package
 * @param {{ readonly inside: boolean, readonly typeOnly: boolean }} how
 */
export function isAllowed(rows, row, target, { inside, typeOnly }) {
  const { may = [], types = [], packages = [] } = rows[row] ?? {};
  if (!inside) return packages.some((name) => matchesPackage(name, target));
  const targetRow = rowOf(rows, target);
  const names = typeOnly ? [...may, ...types] : may;
  return targetRow === row || names.some((name) => name === target || name === targetRow);
}

/**
 * @param {string} name
 * @param {string} target
 */
function matchesPackage(name, target) {
  if (name.endsWith("*")) return target.startsWith(name.slice(0, -1));
  return target === name || target.startsWith(`${name}/`);
}
