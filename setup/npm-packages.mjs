import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./folders.mjs";
import { missing } from "./part.mjs";
import { lastLines, quietly } from "./quietly.mjs";
import { say } from "./say.mjs";

/**
 * Installs the npm packages of package-lock.json when those in node_modules are others.
 * @returns {Promise<import("./part.mjs").Missing | undefined>}
 */
export async function installPackages() {
  if (areInstalled()) return undefined;
  say("installing npm packages (npm ci)");
  // npm names its own script for the programs it runs; without it (node setup/run.mjs) there is the one on PATH.
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  const { ok, output } = await quietly(command, [...first, "ci", "--loglevel=error"], { cwd: root });
  if (ok) return undefined;
  return missing("npm packages", `npm ci failed:\n  ${lastLines(output)}`, "correct that, or run npm ci by hand");
}

/** npm writes down what it installed, after all of it: an install that was cut off, or none at all, has no such file. */
function areInstalled() {
  const installed = packagesIn(join(root, "node_modules", ".package-lock.json"));
  return isCovered(packagesIn(join(root, "package-lock.json")), installed);
}

/**
 * @typedef {{ readonly version?: string, readonly integrity?: string, readonly optional?: boolean }} LockedPackage
 * @typedef {Readonly<Record<string, LockedPackage>>} LockedPackages
 */

/**
 * Whether all wanted packages are installed as wanted; optional ones that are not there are those of other platforms.
 * @param {LockedPackages} wanted
 * @param {LockedPackages} installed
 */
export function isCovered(wanted, installed) {
  return Object.entries(wanted)
    .filter(([path, { optional }]) => path !== "" && (!optional || path in installed))
    .every(([path, { version, integrity }]) => {
      const there = installed[path];
      return there !== undefined && there.version === version && there.integrity === integrity;
    });
}

/**
 * @param {string} lockFile
 * @returns {LockedPackages}
 */
function packagesIn(lockFile) {
  return existsSync(lockFile) ? JSON.parse(readFileSync(lockFile, "utf8")).packages : {};
}
