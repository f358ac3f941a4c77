import { createHash } from "node:crypto";
import { copyFile, link, open, readFile, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** First line: what is in the rest and how to tell that it is whole. */
const header = /^weir-state 1 sha256:([0-9a-f]{64})\n/;

export type Reading =
  | { readonly kind: "absent" }
  | { readonly kind: "good"; readonly text: string }
  | { readonly kind: "damaged"; readonly says: string };

export function previousOf(path: string): string {
  return join(dirname(path), `previous-${basename(path)}`);
}

/**
 * Replaces a file so that after a crash or a loss of power at any moment either the old or the new content is there, whole;
 * the old one is kept beside it.
 */
export async function writeSafely(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`;
  {
    await using file = await open(fresh, "w", 0o600);
    await file.writeFile(`weir-state 1 sha256:${sha256(text)}\n${text}`);
    await file.sync();
  }
  await keepPrevious(path);
  await rename(fresh, path);
  await syncDirectory(dirname(path));
}

export async function readSafely(path: string): Promise<Reading> {
  let content: string;
  try {
    content = await readFile(path, "utf8");
  } catch (cause) {
    if (isAbsent(cause)) return { kind: "absent" };
    return { kind: "damaged", says: `cannot be read (${cause instanceof Error ? cause.message : cause})` };
  }
  const [first = "", expected] = header.exec(content) ?? [];
  if (expected === undefined) return { kind: "damaged", says: "does not begin as a state file of Weir does" };
  const text = content.slice(first.length);
  if (sha256(text) !== expected)
    return { kind: "damaged", says: "does not have the content that was written (checksum)" };
  return { kind: "good", text };
}

export async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, "r");
  await directory.sync();
}

export function isAbsent(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}

/** By a second name for the same content, so that `path` itself is there all the time; by a copy where links are not allowed. */
async function keepPrevious(path: string): Promise<void> {
  const spare = `${previousOf(path)}.new`;
  try {
    await unlink(spare).catch(() => undefined);
    await link(path, spare).catch(async (cause) => {
      if (isAbsent(cause)) throw cause;
      await copyFile(path, spare);
    });
    await rename(spare, previousOf(path));
  } catch (cause) {
    if (!isAbsent(cause)) throw cause;
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
