import { readdirSync } from "node:fs";
import { join } from "node:path";

const skipped = new Set(["node_modules", "testdata", "gen"]);

/**
 * The files under a folder whose name matches, sorted; not those that others wrote, generated or broke on purpose.
 * @param {string} folder
 * @param {RegExp} name
 * @returns {string[]}
 */
export function filesIn(folder, name) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return skipped.has(entry.name) ? [] : filesIn(path, name);
      return name.test(entry.name) ? [path] : [];
    });
}
