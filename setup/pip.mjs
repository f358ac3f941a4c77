import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { unpackDebianPackage } from "./debian-package.mjs";
import { weirFolder } from "./folders.mjs";
import { quietly } from "./quietly.mjs";

const ownFolder = weirFolder("pip");

/**
 * The arguments with which this Python runs pip: its own, or else the wheel of Debian's package python3-pip-whl, because
 * a bare Debian has Python without pip.
 * @param {string} python
 * @returns {Promise<readonly string[] | undefined>}
 */
export async function findPip(python) {
  if ((await quietly(python, ["-m", "pip", "--version"])).ok) return ["-m", "pip"];
  if (await unpackDebianPackage({ name: "python3-pip-whl", into: ownFolder })) return undefined;
  const wheels = join(ownFolder, "usr", "share", "python-wheels");
  const wheel = (await readdir(wheels)).find((name) => /^pip-.*\.whl$/.test(name));
  return wheel ? [join(wheels, wheel, "pip")] : undefined;
}
