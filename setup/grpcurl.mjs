import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { findProgram, isProgram } from "./find-program.mjs";
import { weirFolder } from "./folders.mjs";
import { namedProgram } from "./named-program.mjs";
import { found, missing } from "./part.mjs";
import { lastLines, quietly } from "./quietly.mjs";
import { say } from "./say.mjs";

const version = "1.9.4";
const ownFolder = weirFolder("grpcurl", version);
const ownProgram = join(ownFolder, "grpcurl");
const otherWays = "put grpcurl on PATH, or name one in WEIR_GRPCURL";

/**
 * Looks for grpcurl, the command line that calls gRPC services by their reflection, in WEIR_GRPCURL, PATH and the project's
 * folder, and builds it from its Go module if that is wanted: no package registry has it built.
 * @param {{ install: boolean }} options
 * @returns {Promise<import("./part.mjs").Part>}
 */
export async function findGrpcurl({ install }) {
  const named = namedProgram("grpcurl", "WEIR_GRPCURL");
  if (named) return named;
  const onPath = findProgram("grpcurl");
  if (onPath) return found(onPath);
  if (isProgram(ownProgram)) return found(ownProgram);
  if (!install) return missing("grpcurl", `not built in ${ownFolder}`, "npm run test:tools builds it");
  return build();
}

/** @returns {Promise<import("./part.mjs").Part>} */
async function build() {
  const go = findProgram("go");
  if (!go) return missing("grpcurl", "there is no go on PATH to build it with", `install Go, or ${otherWays}`);
  say(`building grpcurl ${version} into .weir/grpcurl (once; a minute or two)`);
  // Into a folder of its own and then renamed: a build that was cut off is never taken for a whole one.
  const half = `${ownFolder}.${process.pid}`;
  await mkdir(half, { recursive: true });
  try {
    const module = `github.com/fullstorydev/grpcurl/cmd/grpcurl@v${version}`;
    const { ok, output } = await quietly(go, ["install", module], { env: { ...process.env, GOBIN: half } });
    if (!ok) return missing("grpcurl", `it cannot be built:\n  ${lastLines(output)}`, `correct that, or ${otherWays}`);
    await rm(ownFolder, { recursive: true, force: true });
    await rename(half, ownFolder);
    return found(ownProgram);
  } finally {
    await rm(half, { recursive: true, force: true });
  }
}
