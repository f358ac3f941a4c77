import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** The old file or the new one is there whatever happens in between, and the new one is on the disk when this resolves. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const half = `${path}.half`;
  try {
    await using file = await open(half, "w", 0o600);
    await file.writeFile(text);
    await file.sync();
  } catch (cause) {
    // On a disk that is full, what was written of it would keep others from writing.
    await rm(half, { force: true }).catch(() => undefined);
    throw cause;
  }
  await rename(half, path);
  await using directory = await open(dirname(path), "r");
  await directory.sync();
}
