import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { findProgram, isProgram } from "./find-program.mjs";
import { weirFolder } from "./folders.mjs";
import { namedProgram } from "./named-program.mjs";
import { found, missing } from "./part.mjs";
import { lastLines, quietly } from "./quietly.mjs";
import { say } from "./say.mjs";

/** Of the crate `garage`. */
const version = "2.5.0";
const ownFolder = weirFolder("garage", version);
const ownGarage = join(ownFolder, "bin", "garage");
const otherWays = "put garage 2 on PATH, or name one in WEIR_GARAGE";

/**
 * Looks for Garage, a distributed S3 server, in WEIR_GARAGE, PATH and the project's folder, and builds it from its crate if
 * that is wanted: no package registry has it built.
 * @param {{ install: boolean }} options
 * @returns {Promise<import("./part.mjs").Part>}
 */
export async function findGarage({ install }) {
  const named = namedProgram("Garage", "WEIR_GARAGE");
  if (named) return named;
  const onPath = findProgram("garage");
  if (onPath) return found(onPath);
  if (isProgram(ownGarage)) return found(ownGarage);
  if (!install) return missing("Garage", `not built in ${ownFolder}`, "npm run test:garage builds it");
  return build();
}

/** @returns {Promise<import("./part.mjs").Part>} */
async function build() {
  const cargo = findProgram("cargo");
  if (!cargo) return missing("Garage", "there is no cargo on PATH to build it with", `install Rust, or ${otherWays}`);
  say(`building Garage ${version} into .weir/garage (once; about twenty minutes of two cores)`);
  // Into a folder of its own and then renamed: a build that was cut off is never taken for a whole one.
  const half = `${ownFolder}.${process.pid}`;
  await mkdir(half, { recursive: true });
  try {
    const args = ["install", "--quiet", "garage", "--version", version, "--locked", "--root", half];
    const env = { ...process.env, CARGO_TARGET_DIR: join(half, "target") };
    const { ok, output } = await quietly(cargo, args, { env });
    if (!ok) return missing("Garage", `it cannot be built:\n  ${lastLines(output)}`, `correct that, or ${otherWays}`);
    await rm(join(half, "target"), { recursive: true, force: true });
    await rm(ownFolder, { recursive: true, force: true });
    await rename(half, ownFolder);
    return found(ownGarage);
  } finally {
    await rm(half, { recursive: true, force: true });
  }
}
