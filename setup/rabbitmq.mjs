import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unpackDebianPackage } from "./debian-package.mjs";
import { isProgram } from "./find-program.mjs";
import { weirFolder } from "./folders.mjs";
import { found, missing } from "./part.mjs";
import { say } from "./say.mjs";

const ownFolder = weirFolder("rabbitmq");
const programs = ["rabbitmq-server", "epmd"];
const otherWays =
  "name a folder in WEIR_RABBITMQ with programs rabbitmq-server (which becomes Erlang's process) and epmd";

/**
 * Looks for a folder with RabbitMQ's server and Erlang's epmd in WEIR_RABBITMQ and in the project's folder, and else
 * unpacks Debian's packages there.
 * @returns {Promise<import("./part.mjs").Part>}
 */
export async function findRabbitmq() {
  const named = process.env.WEIR_RABBITMQ;
  if (named) {
    if (programs.every((name) => isProgram(join(named, name)))) return found(named);
    return missing("RabbitMQ", `WEIR_RABBITMQ names ${named}, which lacks ${programs.join(" or ")}`, "correct it");
  }
  if (programs.every((name) => isProgram(join(ownFolder, name)))) return found(ownFolder);
  return unpackRabbitmq();
}

/** @returns {Promise<import("./part.mjs").Part>} */
async function unpackRabbitmq() {
  say("unpacking Debian's packages of RabbitMQ and Erlang into .weir/rabbitmq (the system is left as it is)");
  const problem = await unpackDebianPackage({ name: "rabbitmq-server", withLibraries: true, into: ownFolder });
  if (problem) return missing("RabbitMQ", problem, otherWays);
  // Debian's build looks for Erlang where Debian installs it, and nowhere else.
  const erl = join(ownFolder, "usr", "lib", "erlang", "bin", "erl");
  const script = await readFile(erl, "utf8");
  await writeFile(erl, script.replaceAll("ROOTDIR=/usr/lib/erlang", 'ROOTDIR="$progdir/.."'));
  await writeFile(join(ownFolder, "rabbitmq-server"), serverLauncher);
  await writeFile(join(ownFolder, "epmd"), epmdLauncher);
  for (const name of programs) await chmod(join(ownFolder, name), 0o755);
  return found(ownFolder);
}

// Its own scripts start the server as a child of theirs, but for where they believe that systemd watches the process.
// Those in /usr/sbin want to become the user rabbitmq, which needs root.
const serverLauncher = `#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
for folder in "$here"/usr/lib/*-linux-gnu* "$here"/lib/*-linux-gnu*; do
  LD_LIBRARY_PATH="$folder\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
done
export LD_LIBRARY_PATH PATH="$here/usr/lib/erlang/bin:$PATH" RUNNING_UNDER_SYSTEMD=true
exec "$here"/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server "$@"
`;
const epmdLauncher = `#!/bin/sh
exec "$(dirname "$0")"/usr/lib/erlang/erts-*/bin/epmd "$@"
`;
