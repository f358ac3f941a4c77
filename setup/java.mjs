import { readdir, readlink, rm, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { unpackDebianPackage } from "./debian-package.mjs";
import { findProgram, isProgram } from "./find-program.mjs";
import { weirFolder } from "./folders.mjs";
import { namedProgram } from "./named-program.mjs";
import { found, missing } from "./part.mjs";
import { quietly } from "./quietly.mjs";
import { say } from "./say.mjs";

const ownFolder = weirFolder("java");
const otherWays = "put java (17 or newer) on PATH, or name one in WEIR_JAVA";

/**
 * Looks for Java 17 or newer in WEIR_JAVA, PATH and the project's folder, and else unpacks Debian's package there.
 * @returns {Promise<import("./part.mjs").Part>}
 */
export async function findJava() {
  const named = namedProgram("Java", "WEIR_JAVA");
  if (named) return named;
  const onPath = findProgram("java");
  if (onPath && (await isNewEnough(onPath))) return found(onPath);
  const own = await ownJava();
  return own ? found(own) : unpackJava();
}

/** @param {string} java */
async function isNewEnough(java) {
  const { output } = await quietly(java, ["-version"]);
  if (Number(/version "(\d+)/.exec(output)?.[1]) >= 17) return true;
  say(`passing over ${java}: older than Java 17`);
  return false;
}

async function ownJava() {
  const machines = join(ownFolder, "usr", "lib", "jvm");
  const names = await readdir(machines).catch(() => []);
  return names.map((name) => join(machines, name, "bin", "java")).find(isProgram);
}

// Of bookworm, trixie and forky. Taken without what they depend on: that is for fonts, sound and printing.
const packages = ["openjdk-17-jre-headless", "openjdk-21-jre-headless", "openjdk-25-jre-headless"];

/** @returns {Promise<import("./part.mjs").Part>} */
async function unpackJava() {
  say("unpacking Debian's Java into .weir/java (44 MB; the system is left as it is)");
  let problem;
  for (const name of packages) {
    problem = await unpackDebianPackage({ name, into: ownFolder });
    if (!problem) break;
  }
  if (problem) return missing("Java", problem, otherWays);
  await bendLinks(ownFolder);
  const own = await ownJava();
  if (own && (await isNewEnough(own))) return found(own);
  return missing("Java", "Debian's package does not run here from a folder of its own", otherWays);
}

/**
 * Debian's Java has its settings in /etc, where its links lead: here they lead to those that were unpacked.
 * @param {string} folder
 */
async function bendLinks(folder) {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) continue;
    const link = join(entry.parentPath, entry.name);
    const target = await readlink(link);
    if (!target.startsWith("/etc/")) continue;
    await rm(link);
    await symlink(relative(dirname(link), join(folder, target)), link);
  }
}
