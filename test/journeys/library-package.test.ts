import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { packLibrary } from "../../control-plane/library/pack.ts";
import { libraryExample } from "../../control-plane/library/readme.ts";
import { compile, npm } from "../../control-plane/library/run-tool.ts";
import { startBackend } from "../kit/backend.ts";
import { makeFolder } from "../kit/folder.ts";
import { answersById, codes } from "../kit/grpc-load.ts";
import { startProcess } from "../kit/process.ts";
import { until } from "../kit/wait.ts";
import { startXdsClient } from "../kit/xds-client.ts";

/** Strict, and the declarations of what is installed are checked as well. */
const compilerOptions = {
  ...{ target: "es2024", module: "nodenext", types: ["node"], noEmit: true, skipLibCheck: false },
  ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, verbatimModuleSyntax: true },
};

/** A program of a user who writes every type down. */
const typed = `
import { create } from "@bufbuild/protobuf";
import {
  type Caller, type Clients, type ClientView, createXdsServer, defaultLimits, type ResourceStatus, type Resources,
  type ResourceType, type TypeStatus, type XdsLimits, type XdsNote, type XdsServer, type XdsServerOptions, type XdsTls,
} from "@weir/xds";
import { type Cluster, ClusterSchema } from "@weir/xds/proto/envoy/config/cluster/v3/cluster_pb.js";
import type { Node } from "@weir/xds/proto/envoy/config/core/v3/base_pb.js";

const limits: XdsLimits = { ...defaultLimits, maxConcurrentStreams: 10 };
const tls: XdsTls = { certificates: "PEM", key: new Uint8Array() };
const told: string[] = [];
const options: XdsServerOptions = {
  listen: { host: "::1", port: 0 },
  limits,
  viewer: (node: Node) => node.locality?.zone ?? "",
  refuse: (_node, { certificate, header }: Caller) => (certificate ?? header("authorization") ? undefined : "who are you?"),
  wanted: (viewer, signal) => signal.addEventListener("abort", () => told.push(viewer)),
  observe(note: XdsNote) {
    if (note.kind === "acked") told.push(note.nodeId, note.type satisfies ResourceType, note.version);
    if (note.kind === "hook-threw") told.push(note.hook, String(note.cause));
  },
};
const clusters: readonly Cluster[] = [create(ClusterSchema, { name: "report" })];
export async function run(): Promise<void> {
  await using server: XdsServer = await createXdsServer({ ...options, tls });
  const resources: Partial<Resources> = { clusters, ttlMs: (type: ResourceType) => (type === "runtime" ? 1_000 : undefined) };
  server.set("z1", resources);
  server.forget("z1");
  const clients: Clients = server.clients;
  const { acked, of }: { acked: number; of: number } = await clients.settled(1_000, AbortSignal.timeout(1_000));
  for (const { nodeId, types, resources } of clients.list() satisfies readonly ClientView[]) {
    const status: TypeStatus = types.cluster;
    for (const { name, held } of resources() satisfies Iterable<ResourceStatus>) told.push(nodeId, status.status, name, held);
  }
  told.push(\`\${acked} of \${of}\`);
}
// @ts-expect-error: a server must be told where to listen
createXdsServer({});
// @ts-expect-error: what is inside is not for import
await import("@weir/xds/engine/serve/session.js");
`;

test("the library is installed from its package, fits strict TypeScript, and its example serves a gRPC client", {
  timeout: 120_000,
}, async () => {
  await using folder = await makeFolder("library");
  const { tarball, packedBytes } = await packLibrary(join(folder.path, "packed"));
  assert.ok(packedBytes < 500_000, `the package has ${packedBytes} bytes`);

  await folder.write("package.json", JSON.stringify({ private: true, type: "module" }));
  const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
  await npm(["install", ...quiet, tarball, "@bufbuild/protobuf@2"], folder.path);
  const example = await libraryExample();
  assert.ok(example.trimEnd().split("\n").length <= 40, "the example has 40 lines at most");
  const program = await folder.write("server.ts", example);
  await folder.write("typed.ts", typed);
  await folder.write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["server.ts", "typed.ts"] }));
  await compile(folder.path);

  await using first = await startBackend({ id: "first", datacenter: "here" });
  await using second = await startBackend({ id: "second", datacenter: "here" });
  const args = [program, "127.0.0.1:0"];
  await using server = startProcess({ name: "example", command: process.execPath, args, cwd: folder.path });
  const [, xds = ""] = /xDS on (\S+);/.exec(await server.line(/^xDS on /)) ?? [];
  server.write(String(first.port));
  const target = "xds:///report";
  const locality = { region: "here", zone: "z1" };
  await using client = await startXdsClient({ target, xds, node: { id: "web-1", cluster: "shop", locality } });
  assert.deepEqual([...answersById(await client.send(10))], [["first", 10]]);

  server.write(String(second.port));
  await until(async () => answersById(await client.send(1)).has("second"), {
    within: 5_000,
    what: "calls go to where the second line says",
  });
  // A gRPC client does not take the same endpoint twice.
  server.write(`${first.port} ${first.port}`);
  await server.line(/^web-1 rejects report: \S+/);
  assert.deepEqual([...answersById(await client.send(10))], [["second", 10]], "it keeps what it has");

  await using stranger = await startXdsClient({ target, xds, node: { id: "spy-1", cluster: "bank", locality } });
  assert.equal(codes(await stranger.send(1, { deadlineMs: 1_500 })).has("OK"), false);
});
