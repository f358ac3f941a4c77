import { join } from "node:path";
import { unpackDebianPackage } from "./debian-package.mjs";
import { findProgram, isProgram } from "./find-program.mjs";
import { weirFolder } from "./folders.mjs";
import { found, missing } from "./part.mjs";
import { say } from "./say.mjs";

const ownFolder = weirFolder("prometheus");
const programs = ["prometheus", "promtool"];
const otherWays = "put prometheus and promtool (2.42 or newer) on PATH, or name the folder of both in WEIR_PROMETHEUS";

/**
 * Looks for a folder with Prometheus and promtool in WEIR_PROMETHEUS, on PATH and in the project's folder, and else unpacks
 * Debian's package there.
 * @returns {Promise<import("./part.mjs").Part>}
 */
export async function findPrometheus() {
  const named = process.env.WEIR_PROMETHEUS;
  if (named) {
    if (hasBoth(named)) return found(named);
    return missing("Prometheus", `WEIR_PROMETHEUS names ${named}, which lacks ${programs.join(" or ")}`, "correct it");
  }
  const onPath = findProgram("prometheus");
  if (onPath && hasBoth(join(onPath, ".."))) return found(join(onPath, ".."));
  const own = join(ownFolder, "usr", "bin");
  if (hasBoth(own)) return found(own);
  say("unpacking Debian's package prometheus into .weir/prometheus (the system is left as it is)");
  const problem = await unpackDebianPackage({ name: "prometheus", into: ownFolder });
  if (problem) return missing("Prometheus", problem, otherWays);
  if (hasBoth(own)) return found(own);
  return missing("Prometheus", `Debian's package has no ${programs.join(" and ")} in usr/bin`, otherWays);
}

/** @param {string} folder */
function hasBoth(folder) {
  return programs.every((name) => isProgram(join(folder, name)));
}
