import { cp, glob, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { root } from "../folders.mjs";

/**
 * What is laid next to each other: folders and files of this repository, and where they lie then. `@weir/proto` is expected
 * in `proto` and `grpc`.
 */
export type StagedSources = Readonly<Record<string, string>>;

/**
 * Copies the sources into `folder` so that they can be compiled to a package of their own: imports are those of the
 * JavaScript to come (tsc rewrites endings in what it emits, but not in declarations), and `@weir/proto` is within.
 */
export async function stageSources(folder: string, sources: StagedSources): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (const [from, to] of Object.entries(sources))
    await cp(join(root, from), join(folder, to), { recursive: true, filter: (path) => !path.endsWith(".test.ts") });
  for await (const file of glob("**/*.ts", { cwd: folder })) {
    const source = await readFile(join(folder, file), "utf8");
    await writeFile(
      join(folder, file),
      source.replace(specifier, (...found) => importedBy(file, found[1], found[2])),
    );
  }
}

// Between quotes, after the words that come before a module's name; strings that are no imports never end in `.ts` there.
const specifier = /(\bfrom\s+|\bimport\s*\(?\s*)"([^"]+)\.ts"/g;

function importedBy(file: string, words: string, name: string): string {
  return `${words}"${name.startsWith("@weir/proto/") ? withinPackage(file, name.slice("@weir/proto/".length)) : name}.js"`;
}

/** The exports of proto/package.json, as paths: `grpc/service` is ours, `grpc/health/v1/…` is generated. */
function withinPackage(file: string, name: string): string {
  const path = relative(dirname(file), /^grpc\/[^/]+$/.test(name) ? name : join("proto", name));
  return path.startsWith(".") ? path : `./${path}`;
}
