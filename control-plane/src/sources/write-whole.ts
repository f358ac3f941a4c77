import { mkdir, open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** The old file or the new one is there whatever happens in between, and the new one is on the disk when this resolves. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const half = `${path}.half`;
  {
    await using file = await open(half, "w", 0o600);
    await file.writeFile(text);
    await file.sync();
  }
  await rename(half, path);
  await using directory = await open(dirname(path), "r");
  await directory.sync();
}
