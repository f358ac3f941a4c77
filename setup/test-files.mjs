import { join } from "node:path";
import { filesIn } from "./files-in.mjs";
import { root } from "./folders.mjs";

const isTest = /\.test\.(ts|mjs)$/;

/** Tests beside the code they test; they need no other process but what they start from our own sources. */
export function unitTests() {
  return ["setup", "proto", "control-plane", "report-service"].flatMap((folder) => filesIn(join(root, folder), isTest));
}

/** Tests that start real parts: of the kit itself, journeys, conformance, faults. */
export function integrationTests() {
  return filesIn(join(root, "test"), isTest);
}
