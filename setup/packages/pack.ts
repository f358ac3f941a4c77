// npm run pack -- [FOLDER]: makes the npm packages of what is of use without the rest of Weir, each a file.
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { root } from "../folders.mjs";
import { packPackage } from "./pack-package.ts";
import { reportClientPackage } from "./report-client.ts";
import { xdsPackage } from "./xds.ts";

const folder = process.argv[2] ?? join(root, ".weir", "pack");
await mkdir(folder, { recursive: true });
for (const definition of [xdsPackage, reportClientPackage]) {
  const working = await mkdtemp(join(tmpdir(), "weir-pack-"));
  try {
    const { tarball, packedBytes, unpackedBytes, files } = await packPackage(definition, working);
    const kept = join(folder, basename(tarball));
    await copyFile(tarball, kept);
    const kb = (bytes: number) => `${Math.round(bytes / 1000)} KB`;
    process.stdout.write(`${kept}: ${files} files, ${kb(packedBytes)}, unpacked ${kb(unpackedBytes)}\n`);
  } finally {
    await rm(working, { recursive: true, force: true });
  }
}
