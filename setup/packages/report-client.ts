import { join } from "node:path";
import { root } from "../folders.mjs";
import type { PackageDefinition } from "./pack-package.ts";
import { sectionOf } from "./section-of.ts";

/** The page that describes the package, with what is typed to install it and a whole program. */
export const reportClientPage = join(root, "docs/report-service/client.md");

/** The client of the report service with all that it imports. */
export const reportClientPackage: PackageDefinition = {
  name: "@weir/report-client",
  description:
    "The client of Weir's report service: typed calls, and reports that are followed and read past servers that die",
  keywords: ["weir", "reports", "grpc", "client"],
  workspace: "report-service",
  sources: {
    "report-service/src/client.ts": "client.ts",
    "report-service/src/client": "client",
    "proto/gen": "proto",
    "proto/src": "grpc",
  },
  compiled: { files: ["client.ts"] },
  exports: { ".": "./client.js", "./proto/*.js": "./proto/*.js" },
  dependencies: ["@bufbuild/protobuf"],
  // Credentials are made with it: two of it in one program do not know each other's.
  peerDependencies: ["@grpc/grpc-js"],
  readme: async () => `# @weir/report-client\n${await sectionOf(reportClientPage, "As a package")}`,
};
