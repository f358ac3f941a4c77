import { createHash, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";

export type RingKey = { readonly id: string; readonly key: KeyObject };

/** The key that seals, then those that are only kept to open what they have sealed, the oldest last. */
export type KeyRing = readonly [RingKey, ...RingKey[]];

const line = /^[A-Za-z0-9+/]{43}=$/;

/**
 * Reads the keys of a file: one a line, 32 bytes in base64, the newest first. Without a file it makes one with a new
 * key, which only its owner can read; servers that share the file and start at once agree on one.
 */
export async function readKeyRing(path: string): Promise<KeyRing> {
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return makeKeyFile(path);
    throw new Error(`cannot read the keys in ${path}: ${cause.message}`, { cause });
  });
  return parseKeyRing(text, path);
}

/** As `readKeyRing`, of a file that is there, at once. */
export function readKeyRingNow(path: string): KeyRing {
  return parseKeyRing(readFileSync(path, "utf8"), path);
}

function parseKeyRing(text: string, path: string): KeyRing {
  const [first, ...others] = text
    .split("\n")
    .map((each) => each.trim())
    .filter((each) => each !== "")
    .map((each, index) => parseKey(each, path, index + 1));
  if (!first) throw new Error(`${path} holds no key; write one, 32 random bytes in base64: openssl rand -base64 32`);
  return [first, ...others];
}

function parseKey(text: string, path: string, number: number): RingKey {
  // The text itself stays out of the message: it may be a key with one letter too many.
  if (!line.test(text))
    throw new Error(`${path}: key ${number} is not 32 bytes in base64, as openssl rand -base64 32 writes`);
  const bytes = Buffer.from(text, "base64");
  return { id: createHash("sha256").update(bytes).digest("hex").slice(0, 16), key: createSecretKey(bytes) };
}

/** Written whole under another name first: nobody must read half a file, or write a second one. */
async function makeKeyFile(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  {
    await using file = await open(draft, "wx", 0o600);
    await file.writeFile(`${randomBytes(32).toString("base64")}\n`);
    await file.sync();
  }
  await link(draft, path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "EEXIST") throw cause;
  });
  await rm(draft);
  return readFile(path, "utf8");
}
