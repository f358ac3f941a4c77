// node setup/check-imports.mjs WORKSPACE…: does each file of WORKSPACE/src import only what WORKSPACE/imports.yaml allows it?
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { parse } from "yaml";
import { filesIn } from "./files-in.mjs";
import { root } from "./folders.mjs";
import { importsOf, isAllowed, rowOf } from "./imports.mjs";

/**
 * What is wrong in a workspace, a line each. Tests may import what they like: they put stages together.
 * @param {string} workspace
 * @returns {readonly string[]}
 */
export function wrongImports(workspace) {
  const src = join(workspace, "src");
  if (!existsSync(src)) return [];
  /** @type {import("./imports.mjs").Rows} */
  const rows = parse(readFileSync(join(workspace, "imports.yaml"), "utf8"));
  return filesIn(src, /(?<!\.test)\.ts$/).flatMap((path) => {
    const file = withoutEnding(relative(src, path));
    const shown = relative(root, path);
    const row = rowOf(rows, file);
    if (row === undefined)
      return [`${shown}: has no row in ${relative(root, workspace)}/imports.yaml; give its folder one`];
    return importsOf(readFileSync(path, "utf8")).flatMap(({ line, from, typeOnly }) => {
      const { inside, target } = resolve(file, from);
      if (isAllowed(rows, row, target, { inside, typeOnly })) return [];
      return [
        `${shown}:${line}: imports ${target}${typeOnly ? " (types)" : ""}, but ${row} ${allowance(rows[row] ?? {})}`,
      ];
    });
  });
}

/**
 * @param {string} file
 * @param {string} from
 */
function resolve(file, from) {
  if (!from.startsWith(".")) return { inside: false, target: from };
  const target = normalize(join(dirname(file), from));
  return { inside: !target.startsWith(".."), target: target.startsWith("..") ? target : withoutEnding(target) };
}

/** @param {string} path */
function withoutEnding(path) {
  return path.replace(/\.ts$/, "");
}

/** @param {import("./imports.mjs").Row} row */
function allowance({ may = [], types = [], packages = [] }) {
  const all = [...may, ...types.map((name) => `${name} (types)`), ...packages];
  return all.length > 0 ? `may import only ${all.join(", ")}` : "may import nothing";
}

if (import.meta.main) {
  const wrong = process.argv.slice(2).flatMap((workspace) => wrongImports(join(root, workspace)));
  for (const line of wrong) process.stdout.write(`${line}\n`);
  if (wrong.length > 0) process.exitCode = 1;
}
