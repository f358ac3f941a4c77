import { readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./folders.mjs";

/** Tests beside the code they test; they need no other process but what they start from our own sources. */
export function unitTests() {
  return ["setup", "proto", "control-plane", "report-service"].flatMap(testsIn);
}

/** Tests that start real parts: of the kit itself, journeys, conformance, faults. */
export function integrationTests() {
  return testsIn("test");
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function testsIn(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return ["node_modules", "testdata", "gen"].includes(entry.name) ? [] : testsIn(path);
      return /\.test\.m?[jt]s$/.test(entry.name) ? [path] : [];
    });
}
