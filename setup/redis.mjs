import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unpackDebianPackage } from "./debian-package.mjs";
import { findProgram, isProgram } from "./find-program.mjs";
import { weirFolder } from "./folders.mjs";
import { namedProgram } from "./named-program.mjs";
import { found, missing } from "./part.mjs";
import { say } from "./say.mjs";

const ownFolder = weirFolder("redis");
const ownRedis = join(ownFolder, "redis-server");
const otherWays = "put redis-server (6.2 or newer) or valkey-server on PATH, or name one in WEIR_REDIS";

/**
 * Looks for Redis or Valkey in WEIR_REDIS, PATH and the project's folder, and else unpacks Debian's package there.
 * @returns {Promise<import("./part.mjs").Part>}
 */
export async function findRedis() {
  const named = namedProgram("Redis", "WEIR_REDIS");
  if (named) return named;
  const onPath = findProgram("redis-server") ?? findProgram("valkey-server");
  if (onPath) return found(onPath);
  if (isProgram(ownRedis)) return found(ownRedis);
  return unpackRedis();
}

/** @returns {Promise<import("./part.mjs").Part>} */
async function unpackRedis() {
  say("unpacking Debian's package redis-server into .weir/redis (the system is left as it is)");
  const problem = await unpackDebianPackage({ name: "redis-server", withLibraries: true, into: ownFolder });
  if (problem) return missing("Redis", problem, otherWays);
  await writeFile(ownRedis, launcher);
  await chmod(ownRedis, 0o755);
  return found(ownRedis);
}

// It was built to find its libraries where Debian installs them. `exec`, so that signals reach the server itself.
const launcher = `#!/bin/sh
here=$(dirname "$0")
for folder in "$here"/usr/lib/*-linux-gnu*; do LD_LIBRARY_PATH="$folder\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"; done
export LD_LIBRARY_PATH
exec "$here/usr/bin/redis-server" "$@"
`;
