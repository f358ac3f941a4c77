import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { isProgram } from "./find-program.mjs";
import { root, weirFolder } from "./folders.mjs";
import { findJava } from "./java.mjs";
import { found, missing } from "./part.mjs";
import { say } from "./say.mjs";

/** Of setup/kafka/pom.xml. */
const version = "4.2.0";
const ownFolder = weirFolder("kafka", version);
const ownKafka = join(ownFolder, "run-class");
const central = "https://repo.maven.apache.org/maven2";
const otherWays = "name a program in WEIR_KAFKA that runs `java` with Kafka's classes and its own arguments";

/**
 * Looks for a program that runs Kafka's classes in WEIR_KAFKA and in the project's folder, and else gets Kafka's jars
 * from where Maven does, with MirrorMaker. Needs Java.
 * @returns {Promise<import("./part.mjs").Part>}
 */
export async function findKafka() {
  const named = process.env.WEIR_KAFKA;
  if (named) {
    if (isProgram(named)) return found(named);
    return missing("Kafka", `WEIR_KAFKA names ${named}, which is not a program`, "correct it, or leave it away");
  }
  if (isProgram(ownKafka)) return found(ownKafka);
  const java = await findJava();
  if (java.kind === "missing") return missing("Kafka", `it needs Java: ${java.why}`, java.remedy);
  return download(java.path);
}

/**
 * @param {string} java
 * @returns {Promise<import("./part.mjs").Part>}
 */
async function download(java) {
  const from = process.env.WEIR_MAVEN ?? central;
  say(`downloading Kafka ${version} into .weir/kafka (94 jars, 56 MB, from ${from})`);
  // Into a folder of its own and then renamed: a download that was cut off is never taken for a whole one.
  const half = `${ownFolder}.${process.pid}`;
  await mkdir(join(half, "jars"), { recursive: true });
  try {
    const jars = (await readFile(join(root, "setup", "kafka", "jars.sha256"), "utf8")).trim().split("\n");
    const getNext = async () => {
      for (let line = jars.shift(); line; line = jars.shift()) await getJar(from, line, join(half, "jars"));
    };
    await Promise.all(Array.from({ length: 8 }, getNext));
    await writeFile(join(half, "run-class"), `#!/bin/sh\nexec '${java}' -cp "$(dirname "$0")/jars/*" "$@"\n`);
    await chmod(join(half, "run-class"), 0o755);
    await rm(ownFolder, { recursive: true, force: true });
    await rename(half, ownFolder);
    return found(ownKafka);
  } catch (cause) {
    const why = cause instanceof Error ? `${cause.message} ${cause.cause ?? ""}` : String(cause);
    return missing("Kafka", why, `correct that, name another Maven repository in WEIR_MAVEN, or ${otherWays}`);
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
  const answer = await fetch(`${from}/${path}`);
  if (!answer.ok) throw new Error(`${from}/${path} answers ${answer.status}`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  const actual = createHash("sha256").update(bytes).digest("hex");
  if (actual !== hash) throw new Error(`${from}/${path} is not what it should be: its SHA-256 is ${actual}`);
  await writeFile(join(into, basename(path)), bytes);
}
