import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { aptDownload } from "./apt-download.mjs";
import { findProgram, isProgram } from "./find-program.mjs";
import { weirFolder } from "./folders.mjs";
import { found, missing } from "./part.mjs";
import { lastLines, quietly } from "./quietly.mjs";
import { say } from "./say.mjs";

const ownFolder = weirFolder("consul");
const ownConsul = join(ownFolder, "usr", "bin", "consul");
const otherWays = "put Consul (1.8 or newer) on PATH, or name one in WEIR_CONSUL";

/**
 * Looks for Consul in WEIR_CONSUL, PATH and the project's folder, and else unpacks Debian's package there.
 * @returns {Promise<import("./part.mjs").Part>}
 */
export async function findConsul() {
  const named = process.env.WEIR_CONSUL;
  if (named) {
    if (isProgram(named)) return found(named);
    return missing("Consul", `WEIR_CONSUL names ${named}, which is not a program`, "correct it, or leave it away");
  }
  const onPath = findProgram("consul");
  if (onPath) return found(onPath);
  if (isProgram(ownConsul)) return found(ownConsul);
  return unpackConsul();
}

/** @returns {Promise<import("./part.mjs").Part>} */
async function unpackConsul() {
  if (!findProgram("apt-get") || !findProgram("dpkg-deb")) {
    return missing("Consul", "it is taken from Debian's packages, and this is not Debian", otherWays);
  }
  say("unpacking Debian's package consul into .weir/consul (the system is left as it is)");
  const half = `${ownFolder}.${process.pid}`;
  await mkdir(half, { recursive: true });
  try {
    // Consul left Debian after bullseye (its licence changed); that build needs nothing but libc, so it runs on later ones.
    const problem = await aptDownload({ name: "consul", suite: "bullseye", into: half });
    if (problem) return missing("Consul", problem, otherWays);
    const file = (await readdir(half)).find((name) => name.endsWith(".deb"));
    const { ok, output } = await quietly("dpkg-deb", ["-x", join(half, file ?? ""), half]);
    if (!ok) return missing("Consul", `dpkg-deb could not unpack it:\n  ${lastLines(output)}`, otherWays);
    await rm(ownFolder, { recursive: true, force: true });
    await rename(half, ownFolder);
    return found(ownConsul);
  } finally {
    await rm(half, { recursive: true, force: true });
  }
}
