import { mkdir, rename, rm } from "node:fs/promises";
import { findProgram } from "./find-program.mjs";
import { findPip } from "./pip.mjs";
import { lastLines, quietly } from "./quietly.mjs";

/**
 * Installs one package into a folder of its own, with Debian's Python; the system is left as it is.
 * @param {{ requirement: string, into: string }} wanted such as `name==1.2`
 * @returns {Promise<string | undefined>} what went wrong
 */
export async function installPipPackage({ requirement, into }) {
  const python = findProgram("python3");
  if (!python) return "there is no python3 to install it with";
  const pip = await findPip(python);
  if (!pip) return "python3 has no pip";
  // Into a folder of its own and then renamed: an install that was cut off is never taken for a whole one.
  const half = `${into}.${process.pid}`;
  await mkdir(half, { recursive: true });
  try {
    const args = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile", "--target", half];
    const { ok, output } = await quietly(python, [...pip, ...args, requirement]);
    if (!ok) return `pip could not install it:\n  ${lastLines(output)}`;
    await rm(into, { recursive: true, force: true });
    await rename(half, into);
    return undefined;
  } finally {
    await rm(half, { recursive: true, force: true });
  }
}
