import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { download } from "./download.mjs";
import { isProgram } from "./find-program.mjs";
import { root, weirFolder } from "./folders.mjs";
import { findJava } from "./java.mjs";
import { namedProgram } from "./named-program.mjs";
import { found, missing } from "./part.mjs";
import { say } from "./say.mjs";

const central = "https://repo.maven.apache.org/maven2";

/**
 * Looks for a program that runs a product's classes where `variable` says and in the project's folder, and else gets the
 * product's jars from where Maven does. Needs Java. The jars and their hashes stand in `setup/<name>/jars.sha256`.
 * @param {{ readonly what: string, readonly name: string, readonly version: string, readonly size: string, readonly variable: string }} product
 * @returns {Promise<import("./part.mjs").Part>}
 */
export async function findMavenProduct({ what, name, version, size, variable }) {
  const named = namedProgram(what, variable);
  if (named) return named;
  const ownFolder = weirFolder(name, version);
  const program = join(ownFolder, "run-class");
  if (isProgram(program)) return found(program);
  const java = await findJava();
  if (java.kind === "missing") return missing(what, `it needs Java: ${java.why}`, java.remedy);
  const from = process.env.WEIR_MAVEN ?? central;
  try {
    const jars = (await readFile(join(root, "setup", name, "jars.sha256"), "utf8")).trim().split("\n");
    say(`downloading ${what} ${version} into .weir/${name} (${jars.length} jars, ${size}, from ${from})`);
    await downloadAll(jars, { from, java: java.path, into: ownFolder });
    return found(program);
  } catch (cause) {
    const why = cause instanceof Error ? `${cause.message} ${cause.cause ?? ""}` : String(cause);
    const otherWays = `name a program in ${variable} that runs \`java\` with ${what}'s classes and its own arguments`;
    return missing(what, why, `correct that, name another Maven repository in WEIR_MAVEN, or ${otherWays}`);
  }
}

/**
 * Into a folder of its own and then renamed: a download that was cut off is never taken for a whole one.
 * @param {string[]} jars
 * @param {{ readonly from: string, readonly java: string, readonly into: string }} how
 */
async function downloadAll(jars, { from, java, into }) {
  const half = `${into}.${process.pid}`;
  await mkdir(join(half, "jars"), { recursive: true });
  try {
    const getNext = async () => {
      for (let line = jars.shift(); line; line = jars.shift()) await getJar(from, line, join(half, "jars"));
    };
    await Promise.all(Array.from({ length: 8 }, getNext));
    await writeFile(
      join(half, "run-class"),
      `#!/bin/sh\nexec '${java}' -cp "$CLASSPATH:$(dirname "$0")/jars/*" "$@"\n`,
    );
    await chmod(join(half, "run-class"), 0o755);
    await rm(into, { recursive: true, force: true });
    await rename(half, into);
  } finally {
    await rm(half, { recursive: true, force: true });
  }
}

/**
 * @param {string} from
 * @param {string} line of what sha256sum writes
 * @param {string} into
 */
async function getJar(from, line, into) {
  const [hash, path = ""] = line.split(/\s+/);
  const bytes = await download(`${from}/${path}`);
  const actual = createHash("sha256").update(bytes).digest("hex");
  if (actual !== hash) throw new Error(`${from}/${path} is not what it should be: its SHA-256 is ${actual}`);
  await writeFile(join(into, basename(path)), bytes);
}
