import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of a test's own, gone when disposed of. */
export type Folder = AsyncDisposable & {
  readonly path: string;
  /** Writes a file into it and returns the file's path. */
  write(name: string, text: string): Promise<string>;
};

export async function makeFolder(name: string): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), `weir-${name}-`));
  return {
    path,
    async write(file, text) {
      await writeFile(join(path, file), text);
      return join(path, file);
    },
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
    },
  };
}
