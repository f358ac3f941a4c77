import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { XdsClientProgram } from "../kit/xds-client.ts";
import type { ForeignClient } from "./foreign-client.ts";
import { goClient } from "./go-client.ts";
import { javaClient } from "./java-client.ts";
import { pythonClient } from "./python-client.ts";

// Python's is gRPC's C core, which C++, C#, Ruby and PHP share.
export const foreignClients: Readonly<
  Record<
    "go" | "java" | "python",
    { readonly prepare: () => Promise<ForeignClient>; readonly agent: RegExp; readonly kind: string }
  >
> = {
  go: { prepare: goClient, agent: /gRPC Go 1\.\d+\.\d+/, kind: "grpc-go" },
  java: { prepare: javaClient, agent: /gRPC Java 1\.\d+\.\d+/, kind: "grpc-java" },
  python: { prepare: pythonClient, agent: /gRPC C-core/, kind: "grpc-core" },
};

/** The program, or undefined where its tools are missing; with WEIR_CLIENTS=required (`npm run test:clients`) that fails. */
export async function programOf(
  prepare: () => Promise<ForeignClient>,
  t: TestContext,
): Promise<XdsClientProgram | undefined> {
  const client = await prepare();
  if (client.kind === "ready") return client.program;
  assert.notEqual(process.env["WEIR_CLIENTS"], "required", client.why);
  t.diagnostic(`passed over: ${client.why}`);
  return undefined;
}
