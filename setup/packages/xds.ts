import { join } from "node:path";
import { root } from "../folders.mjs";
import type { PackageDefinition } from "./pack-package.ts";
import { sectionOf } from "./section-of.ts";

/** The engine with all that it imports, and each of Envoy's files: users build their resources with the same types. */
export const xdsPackage: PackageDefinition = {
  name: "@weir/xds",
  description:
    "An xDS server to embed: ADS for Envoy and gRPC clients, state of the world and delta, with Envoy's types",
  keywords: ["xds", "ads", "envoy", "grpc", "control-plane", "service-mesh"],
  workspace: "control-plane",
  sources: { "control-plane/src": "engine", "proto/gen": "proto", "proto/src": "grpc" },
  compiled: { files: ["engine/xds-server.ts"], include: ["proto/envoy/**/*.ts"] },
  exports: { ".": "./engine/xds-server.js", "./proto/*.js": "./proto/*.js" },
  dependencies: ["@bufbuild/protobuf", "@grpc/grpc-js"],
  peerDependencies: [],
  readme: async () => `# @weir/xds\n${await sectionOf(join(root, "control-plane/README.md"), "As a library")}`,
};
