import { existsSync, readFileSync } from "node:fs";
import { create, createFileRegistry, type FileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

let types: FileRegistry | undefined;

/**
 * Every type of Envoy 1.40's API, also those that nothing is generated for: what may stand in an `Any` that somebody else wrote.
 * Reading them takes 0.1 s and 25 MB, once, so it is done when the first is asked for. The published library is without that
 * file, and knows none.
 */
export function envoyTypes(): FileRegistry {
  types ??= readTypes(new URL("../image.binpb", import.meta.url));
  return types;
}

function readTypes(file: URL): FileRegistry {
  if (!existsSync(file)) return createFileRegistry(create(FileDescriptorSetSchema));
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(file)));
}
