// node control-plane/library/pack.ts [FOLDER]: makes the npm package @weir/xds of the xDS engine and of Envoy's types.
import { copyFile, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { libraryReadme } from "./readme.ts";
import { compile, npm } from "./run-tool.ts";
import { stageSources } from "./stage-sources.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

export type Packed = {
  /** The file that `npm install` and `npm publish` take. */
  readonly tarball: string;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  readonly files: number;
};

/** Compiles and packs, in this folder. Rejects with what the compiler says. */
export async function packLibrary(folder: string): Promise<Packed> {
  const [source, output] = [join(folder, "source"), join(folder, "package")];
  await rm(output, { recursive: true, force: true });
  await mkdir(output, { recursive: true });
  await stageSources(source);
  await writeFile(join(source, "tsconfig.json"), JSON.stringify(compilation));
  await writeFile(join(source, "package.json"), JSON.stringify({ type: "module" }));
  await symlink(join(root, "node_modules"), join(source, "node_modules"));
  await compile(source);
  await writeFile(join(output, "package.json"), `${JSON.stringify(await manifest(), undefined, 2)}\n`);
  await writeFile(join(output, "README.md"), await libraryReadme());
  await copyFile(join(root, "LICENSE"), join(output, "LICENSE"));
  const [packed] = JSON.parse(await npm(["pack", "--json", "--pack-destination", folder], output));
  const { filename, size, unpackedSize, entryCount } = packed;
  return { tarball: join(folder, filename), packedBytes: size, unpackedBytes: unpackedSize, files: entryCount };
}

/** The engine with all that it imports, and each of Envoy's files: users build their resources with the same types. */
const compilation = {
  compilerOptions: {
    ...{ target: "es2024", module: "nodenext", types: ["node"] },
    lib: ["es2024", "esnext.disposable", "esnext.iterator", "esnext.collection"],
    ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, skipLibCheck: true },
    ...{ declaration: true, rootDir: ".", outDir: "../package" },
  },
  files: ["engine/xds-server.ts"],
  include: ["proto/envoy/**/*.ts"],
};

async function manifest(): Promise<object> {
  const { version, license, engines, dependencies } = {
    ...JSON.parse(await readFile(join(root, "package.json"), "utf8")),
    ...JSON.parse(await readFile(join(root, "control-plane/package.json"), "utf8")),
  };
  return {
    name: "@weir/xds",
    version,
    description:
      "An xDS server to embed: ADS for Envoy and gRPC clients, state of the world and delta, with Envoy's types",
    keywords: ["xds", "ads", "envoy", "grpc", "control-plane", "service-mesh"],
    license,
    type: "module",
    exports: { ".": "./engine/xds-server.js", "./proto/*.js": "./proto/*.js", "./package.json": "./package.json" },
    files: ["engine", "proto", "grpc"],
    engines,
    dependencies: {
      "@bufbuild/protobuf": dependencies["@bufbuild/protobuf"],
      "@grpc/grpc-js": dependencies["@grpc/grpc-js"],
    },
  };
}

if (import.meta.main) {
  const folder = process.argv[2] ?? join(root, ".weir", "pack");
  const { tarball, packedBytes, unpackedBytes, files } = await packLibrary(folder);
  const kb = (bytes: number) => `${Math.round(bytes / 1000)} KB`;
  process.stdout.write(`${tarball}: ${files} files, ${kb(packedBytes)}, unpacked ${kb(unpackedBytes)}\n`);
}
