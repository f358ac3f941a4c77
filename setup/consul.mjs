import { join } from "node:path";
import { unpackDebianPackage } from "./debian-package.mjs";
import { findProgram, isProgram } from "./find-program.mjs";
import { weirFolder } from "./folders.mjs";
import { namedProgram } from "./named-program.mjs";
import { found, missing } from "./part.mjs";
import { say } from "./say.mjs";

const ownFolder = weirFolder("consul");
const ownConsul = join(ownFolder, "usr", "bin", "consul");
const otherWays = "put Consul (1.8 or newer) on PATH, or name one in WEIR_CONSUL";

/**
 * Looks for Consul in WEIR_CONSUL, PATH and the project's folder, and else unpacks Debian's package there.
 * @returns {Promise<import("./part.mjs").Part>}
 */
export async function findConsul() {
  const named = namedProgram("Consul", "WEIR_CONSUL");
  if (named) return named;
  const onPath = findProgram("consul");
  if (onPath) return found(onPath);
  if (isProgram(ownConsul)) return found(ownConsul);
  return unpackConsul();
}

/** @returns {Promise<import("./part.mjs").Part>} */
async function unpackConsul() {
  say("unpacking Debian's package consul into .weir/consul (the system is left as it is)");
  // Consul left Debian after bullseye (its licence changed); that build needs nothing but libc, so it runs on later ones.
  const problem = await unpackDebianPackage({ name: "consul", suite: "bullseye", into: ownFolder });
  return problem ? missing("Consul", problem, otherWays) : found(ownConsul);
}
