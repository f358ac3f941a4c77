import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root: set-up works from wherever it is called. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * A path under `.weir`, which git ignores: all that set-up installs or caches lies there, so deleting it undoes set-up.
 * @param {readonly string[]} parts
 */
export function weirFolder(...parts) {
  return join(root, ".weir", ...parts);
}
