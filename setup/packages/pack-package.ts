import { copyFile, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../folders.mjs";
import { compile, npm } from "./run-tool.ts";
import { type StagedSources, stageSources } from "./stage-sources.ts";

/** An npm package that is made of a part of this repository. */
export type PackageDefinition = {
  /** `@weir/xds` */
  readonly name: string;
  readonly description: string;
  readonly keywords: readonly string[];
  /** Of the workspace that it is made of, from the root: its version, and versions of dependencies. */
  readonly workspace: string;
  readonly sources: StagedSources;
  /** What is compiled, with all that it imports; paths as they are staged. */
  readonly compiled: { readonly files: readonly string[]; readonly include?: readonly string[] };
  readonly exports: Readonly<Record<string, string>>;
  /** Names of what it brings along. */
  readonly dependencies: readonly string[];
  /** Names of what it shares with who installs it, whose objects it takes. */
  readonly peerDependencies: readonly string[];
  readonly readme: () => Promise<string>;
};

export type Packed = {
  /** The file that `npm install` and `npm publish` take. */
  readonly tarball: string;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  readonly files: number;
};

/** Compiles and packs, in this folder. Rejects with what the compiler says. */
export async function packPackage(definition: PackageDefinition, folder: string): Promise<Packed> {
  const [source, output] = [join(folder, "source"), join(folder, "package")];
  await rm(output, { recursive: true, force: true });
  await mkdir(output, { recursive: true });
  await stageSources(source, definition.sources);
  await writeFile(join(source, "tsconfig.json"), JSON.stringify({ compilerOptions, ...definition.compiled }));
  await writeFile(join(source, "package.json"), JSON.stringify({ type: "module" }));
  await symlink(join(root, "node_modules"), join(source, "node_modules"));
  await compile(source);
  await writeFile(join(output, "package.json"), `${JSON.stringify(await manifestOf(definition), undefined, 2)}\n`);
  await writeFile(join(output, "README.md"), await definition.readme());
  await copyFile(join(root, "LICENSE"), join(output, "LICENSE"));
  const [packed] = JSON.parse(await npm(["pack", "--json", "--pack-destination", folder], output));
  const { filename, size, unpackedSize, entryCount } = packed;
  return { tarball: join(folder, filename), packedBytes: size, unpackedBytes: unpackedSize, files: entryCount };
}

const compilerOptions = {
  ...{ target: "es2024", module: "nodenext", types: ["node"] },
  lib: ["es2024", "esnext.disposable", "esnext.iterator", "esnext.collection"],
  ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, skipLibCheck: true },
  ...{ declaration: true, rootDir: ".", outDir: "../package" },
};

async function manifestOf(definition: PackageDefinition): Promise<object> {
  const { name, description, keywords, workspace, exports } = definition;
  const { version, license, engines, dependencies } = {
    ...JSON.parse(await readFile(join(root, "package.json"), "utf8")),
    ...JSON.parse(await readFile(join(root, workspace, "package.json"), "utf8")),
  };
  const versions = (names: readonly string[], range: string) =>
    Object.fromEntries(names.map((each) => [each, `${range}${dependencies[each]}`]));
  return {
    ...{ name, version, description, keywords, license, type: "module" },
    exports: { ...exports, "./package.json": "./package.json" },
    engines,
    dependencies: versions(definition.dependencies, ""),
    ...(definition.peerDependencies.length > 0 && { peerDependencies: versions(definition.peerDependencies, "^") }),
  };
}
