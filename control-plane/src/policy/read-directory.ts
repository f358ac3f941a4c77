import type { Stats } from "node:fs";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Problem } from "../lib/parsed.ts";
import type { TextFile } from "./documents/document-set.ts";
import { maxFileBytes } from "./documents/yaml-values.ts";

/** A document or endpoint file of a directory. Equal marks mean that it did not change. */
export type FoundFile = { readonly path: string; readonly size: number; readonly mark: string };

export type Listing = { readonly files: readonly FoundFile[]; readonly problems: readonly Problem[] };

const extension = /\.(ya?ml|json)$/;
const maxFiles = 10_000;
const maxDepth = 16;

/**
 * The *.yaml, *.yml and *.json files under a directory, at any depth, sorted; links are followed, names that begin with a dot
 * are left out (a mounted ConfigMap keeps its real files under `..data`, editors their own under `.name.swp`). Throws when the
 * directory itself cannot be read: that is not the same as an empty one.
 */
export async function listDirectory(dir: string): Promise<Listing> {
  const files: FoundFile[] = [];
  const problems: Problem[] = [];
  const visited = new Set<string>();

  async function visit(folder: string, depth: number): Promise<void> {
    const real = await realpath(join(dir, folder));
    // A link to a folder above it would lead round for ever.
    if (visited.has(real) || depth > maxDepth) return;
    visited.add(real);
    for (const name of (await readdir(real)).sort()) {
      if (name.startsWith(".")) continue;
      const path = folder === "" ? name : `${folder}/${name}`;
      const found = await stat(join(real, name)).catch((cause: Error) => cause);
      if (found instanceof Error) {
        if (extension.test(name)) problems.push(unreadable(path, found));
      } else if (found.isDirectory())
        await visit(path, depth + 1).catch((cause) => problems.push(unreadable(path, cause)));
      else if (found.isFile() && extension.test(name)) files.push({ path, size: found.size, mark: markOf(found) });
      if (files.length > maxFiles) throw new Error(`${dir} has more than ${maxFiles} files: name a smaller directory`);
    }
  }

  await visit("", 0);
  return { files, problems };
}

/** The files' text. One that cannot be read is a problem, as is one too large to be. */
export async function readFiles(
  dir: string,
  files: readonly FoundFile[],
): Promise<{ readonly texts: readonly TextFile[]; readonly problems: readonly Problem[] }> {
  const texts: TextFile[] = [];
  const problems: Problem[] = [];
  for (const { path, size } of files) {
    if (size > maxFileBytes) {
      const says = `the file has ${size} bytes; at most ${maxFileBytes} are read: divide it into several`;
      problems.push({ at: "", says, source: { file: path, line: 1, column: 1 } });
      continue;
    }
    try {
      texts.push({ path, text: await readFile(join(dir, path), "utf8") });
    } catch (cause) {
      problems.push(unreadable(path, cause));
    }
  }
  return { texts, problems };
}

function unreadable(path: string, cause: unknown): Problem {
  const says = `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
  return { at: "", says, source: { file: path, line: 1, column: 1 } };
}

function markOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}
