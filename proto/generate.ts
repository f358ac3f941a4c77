// Writes gen/**/*.ts from descriptor sets with protoc-gen-es alone: builds the CodeGeneratorRequest that the plugin reads
// on stdin and writes the files of its response. No protoc.
//   node generate.ts xds   from image.binpb (descriptors/main.go writes it): the closure of the files in xds-roots.txt
//   node generate.ts own   from the .proto files of this folder, compiled by buf: everything that xds did not write
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponseSchema,
  type FileDescriptorProto,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "..", "node_modules");
const target = process.argv[2];

if (target === "xds") {
  const roots = readFileSync(join(here, "xds-roots.txt"), "utf8")
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");
  const files = closure(readImage(join(here, "image.binpb")), roots);
  // Only what came from this image is replaced: our own packages live in the same tree.
  for (const top of ["envoy", "xds", "udpa", "validate", "cel"])
    rmSync(join(here, "gen", top), { recursive: true, force: true });
  write(files, () => true);
} else if (target === "own") {
  const image = run(join(modules, "@bufbuild/buf/bin/buf"), ["build", "--as-file-descriptor-set", "-o", "-"]);
  const files = fromBinary(FileDescriptorSetSchema, image).file;
  write(files, (name) => isOwn(name) || !existsSync(generatedPath(name)));
} else {
  process.stderr.write("usage: node generate.ts xds|own\n");
  process.exit(2);
}

function isOwn(name: string): boolean {
  return name.startsWith("report/") || name.startsWith("weir/");
}

function readImage(path: string): FileDescriptorProto[] {
  return fromBinary(FileDescriptorSetSchema, readFileSync(path)).file;
}

/** The roots and all that they import, in the order of the image (imports first). */
function closure(files: FileDescriptorProto[], roots: string[]): FileDescriptorProto[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  const wanted = new Set<string>();
  const add = (name: string): void => {
    if (wanted.has(name)) return;
    const file = byName.get(name);
    if (!file) throw new Error(`xds-roots.txt: the image has no file ${name}`);
    wanted.add(name);
    file.dependency.forEach(add);
  };
  roots.forEach(add);
  return files.filter((file) => wanted.has(file.name));
}

function write(files: FileDescriptorProto[], wanted: (name: string) => boolean): void {
  const request = create(CodeGeneratorRequestSchema, {
    parameter: "target=ts,import_extension=ts,erasable_syntax=true,elide_plugin_version=true",
    protoFile: files,
    // The well-known types come from @bufbuild/protobuf/wkt.
    fileToGenerate: files
      .map((file) => file.name)
      .filter((name) => !name.startsWith("google/protobuf/") && wanted(name)),
  });
  const plugin = join(modules, "@bufbuild/protoc-gen-es/bin/protoc-gen-es");
  const response = fromBinary(
    CodeGeneratorResponseSchema,
    run(process.execPath, [plugin], toBinary(CodeGeneratorRequestSchema, request)),
  );
  if (response.error) throw new Error(response.error);
  for (const file of response.file) {
    const path = join(here, "gen", file.name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file.content);
  }
  process.stdout.write(`${response.file.length} files\n`);
}

function generatedPath(protoName: string): string {
  return join(here, "gen", protoName.replace(/\.proto$/, "_pb.ts"));
}

function run(command: string, args: string[], input?: Uint8Array): Buffer {
  const result = spawnSync(command, args, { cwd: here, input, maxBuffer: 1 << 28 });
  if (result.status !== 0) throw new Error(`${command} failed: ${result.error?.message ?? result.stderr}`);
  return result.stdout;
}
