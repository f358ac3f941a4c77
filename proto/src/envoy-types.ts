import { readFileSync } from "node:fs";
import { createFileRegistry, type FileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

let types: FileRegistry | undefined;

/**
 * Every type of Envoy 1.40's API, also those that nothing is generated for: what may stand in an `Any` that somebody else wrote.
 * Reading them takes 0.1 s and 25 MB, once, so it is done when the first is asked for.
 */
export function envoyTypes(): FileRegistry {
  types ??= createFileRegistry(
    fromBinary(FileDescriptorSetSchema, readFileSync(new URL("../image.binpb", import.meta.url))),
  );
  return types;
}
