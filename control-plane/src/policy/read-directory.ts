import type { Stats } from "node:fs";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Problem } from "../lib/parsed.ts";
import type { TextFile } from "./documents/document-set.ts";
import { maxFileBytes } from "./documents/yaml-values.ts";

/** A document or endpoint file of a directory. */
export type FoundFile = {
  readonly path: string;
  readonly size: number;
  /** Equal marks mean that it did not change, when `isSettled` was true of the earlier one. */
  readonly mark: string;
  /** The clock that stamps files ticks every few milliseconds: one written just now may change without a new mark. */
  readonly isSettled: boolean;
};

/** A folder with its real path; one that replaces it has another identity. */
export type FoundFolder = { readonly path: string; readonly identity: string };

/** What was read before, by path: a file that did not change is the very same object again. */
export type KnownFiles = ReadonlyMap<string, { readonly found: FoundFile; readonly file: TextFile }>;

export type Listing = {
  readonly files: readonly FoundFile[];
  /** All that were looked through. */
  readonly folders: readonly FoundFolder[];
  readonly problems: readonly Problem[];
};

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
  const visited = new Map<string, FoundFolder>();

  async function visit(folder: string, depth: number): Promise<void> {
    const real = await realpath(join(dir, folder));
    // A link to a folder above it would lead round for ever.
    if (visited.has(real) || depth > maxDepth) return;
    visited.set(real, { path: real, identity: identityOf(await stat(real)) });
    for (const name of (await readdir(real)).sort()) {
      if (name.startsWith(".")) continue;
      const path = folder === "" ? name : `${folder}/${name}`;
      const found = await stat(join(real, name)).catch((cause: Error) => cause);
      if (found instanceof Error) {
        if (extension.test(name)) problems.push(unreadable(path, found));
      } else if (found.isDirectory())
        await visit(path, depth + 1).catch((cause) => problems.push(unreadable(path, cause)));
      else if (found.isFile() && extension.test(name)) files.push(foundFile(path, found));
      if (files.length > maxFiles) throw new Error(`${dir} has more than ${maxFiles} files: name a smaller directory`);
    }
  }

  await visit("", 0);
  return { files, folders: [...visited.values()], problems };
}

/** The files' text. One that cannot be read is a problem, as is one too large to be. */
export async function readFiles(
  dir: string,
  files: readonly FoundFile[],
  known: KnownFiles = new Map(),
): Promise<{ readonly read: KnownFiles; readonly problems: readonly Problem[] }> {
  const read = new Map<string, { readonly found: FoundFile; readonly file: TextFile }>();
  const problems: Problem[] = [];
  for (const found of files) {
    const { path, size, mark } = found;
    const before = known.get(path);
    if (before?.found.isSettled && before.found.mark === mark) {
      read.set(path, before);
      continue;
    }
    if (size > maxFileBytes) {
      const says = `the file has ${size} bytes; at most ${maxFileBytes} are read: divide it into several`;
      problems.push({ at: "", says, source: { file: path, line: 1, column: 1 } });
      continue;
    }
    try {
      read.set(path, { found, file: { path, text: await readFile(join(dir, path), "utf8") } });
    } catch (cause) {
      problems.push(unreadable(path, cause));
    }
  }
  return { read, problems };
}

function unreadable(path: string, cause: unknown): Problem {
  const says = `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
  return { at: "", says, source: { file: path, line: 1, column: 1 } };
}

function foundFile(path: string, { ino, size, mtimeMs, ctimeMs }: Stats): FoundFile {
  const isSettled = Math.abs(Date.now() - ctimeMs) > 50;
  return { path, size, mark: `${ino} ${size} ${mtimeMs} ${ctimeMs}`, isSettled };
}

// A number is given again once what had it is gone.
function identityOf({ dev, ino, birthtimeMs }: Stats): string {
  return `${dev} ${ino} ${birthtimeMs}`;
}
