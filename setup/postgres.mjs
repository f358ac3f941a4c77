import { readdirSync } from "node:fs";
import { join } from "node:path";
import { unpackDebianPackage } from "./debian-package.mjs";
import { findProgram, isProgram } from "./find-program.mjs";
import { weirFolder } from "./folders.mjs";
import { found, missing } from "./part.mjs";
import { say } from "./say.mjs";

const oldestVersion = 15;
const ownFolder = weirFolder("postgres");
const otherWays = `install PostgreSQL (${oldestVersion} or newer), or name the folder of its programs in WEIR_POSTGRES`;

/**
 * Looks for PostgreSQL's folder of programs (initdb, postgres, pg_ctl) in WEIR_POSTGRES, where Debian installs it, on PATH
 * and in the project's folder, and else unpacks Debian's package there.
 * @param {boolean} install else it only looks
 * @returns {Promise<import("./part.mjs").Part>}
 */
export async function findPostgres(install) {
  const named = process.env.WEIR_POSTGRES;
  if (named) {
    if (isProgram(join(named, "initdb"))) return found(named);
    return missing("PostgreSQL", `WEIR_POSTGRES names ${named}, which holds no initdb`, "correct it, or leave it away");
  }
  const there = installed("/") ?? besideInitdb() ?? installed(ownFolder);
  if (there) return found(there);
  return install ? unpackPostgres() : missing("PostgreSQL", "it is not installed", otherWays);
}

/** @returns {Promise<import("./part.mjs").Part>} */
async function unpackPostgres() {
  say("unpacking Debian's package postgresql into .weir/postgres (the system is left as it is)");
  // `postgresql` is empty and needs the package of the suite's version, which comes as one of its libraries.
  const problem = await unpackDebianPackage({ name: "postgresql", withLibraries: true, into: ownFolder });
  if (problem) return missing("PostgreSQL", problem, otherWays);
  const there = installed(ownFolder);
  return there
    ? found(there)
    : missing("PostgreSQL", `${ownFolder} holds no version from ${oldestVersion} on`, otherWays);
}

/**
 * The newest that lies below a root as Debian's packages put it.
 * @param {string} folder
 */
function installed(folder) {
  const versions = join(folder, "usr", "lib", "postgresql");
  const newest = readdirIfThere(versions)
    .map(Number)
    .filter((version) => version >= oldestVersion && isProgram(join(versions, String(version), "bin", "initdb")))
    .sort((a, b) => b - a)[0];
  return newest === undefined ? undefined : join(versions, String(newest), "bin");
}

function besideInitdb() {
  const initdb = findProgram("initdb");
  return initdb && findProgram("postgres") ? join(initdb, "..") : undefined;
}

/** @param {string} folder */
function readdirIfThere(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
