import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { envoyBootstrap } from "../../control-plane/src/bootstrap/envoy.ts";
import { packPackage } from "../../setup/packages/pack-package.ts";
import { compile, npm } from "../../setup/packages/run-tool.ts";
import { exampleIn } from "../../setup/packages/section-of.ts";
import { xdsPackage } from "../../setup/packages/xds.ts";
import { type Backend, startBackend } from "../kit/backend.ts";
import { startEnvoy } from "../kit/envoy.ts";
import { makeFolder } from "../kit/folder.ts";
import { answersById, codes, startLoad } from "../kit/grpc-load.ts";
import { freePort } from "../kit/ports.ts";
import { type RunningProcess, startProcess } from "../kit/process.ts";
import { until } from "../kit/wait.ts";
import { startXdsClient } from "../kit/xds-client.ts";

/** Strict, and the declarations of what is installed are checked as well. */
const compilerOptions = {
  ...{ target: "es2024", module: "nodenext", types: ["node"], noEmit: true, skipLibCheck: false },
  ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, verbatimModuleSyntax: true },
};

const httpOptions = "@weir/xds/proto/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js";

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

test("the library is installed from its package, fits strict TypeScript, and serves gRPC clients and Envoys", {
  timeout: 240_000,
}, async (t) => {
  await using folder = await makeFolder("library");
  const { tarball, packedBytes } = await packPackage(xdsPackage, join(folder.path, "packed"));
  assert.ok(packedBytes < 500_000, `the package has ${packedBytes} bytes`);

  await folder.write("package.json", JSON.stringify({ private: true, type: "module" }));
  const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
  await npm(["install", ...quiet, tarball, "@bufbuild/protobuf@2"], folder.path);
  const example = exampleIn(await xdsPackage.readme(), "ts");
  assert.ok(example.trimEnd().split("\n").length <= 40, "the example has 40 lines at most");
  const programs = { grpc: await folder.write("server.ts", example), envoy: "" };
  programs.envoy = await folder.write("server-for-envoy.ts", exampleForEnvoy(example));
  await folder.write("typed.ts", typed);
  const files = ["server.ts", "server-for-envoy.ts", "typed.ts"];
  await folder.write("tsconfig.json", JSON.stringify({ compilerOptions, files }));
  await compile(folder.path);

  await using first = await startBackend({ id: "first", datacenter: "here" });
  await using second = await startBackend({ id: "second", datacenter: "here" });
  const start = (program: string, ...more: readonly string[]) => {
    const args = [program, "127.0.0.1:0", ...more];
    return startProcess({ name: "example", command: process.execPath, args, cwd: folder.path });
  };
  await t.test("its example serves a gRPC client", async () => {
    await using server = start(programs.grpc);
    await servesGrpc(server, first, second);
  });
  for (const variant of ["sotw", "delta"] as const) {
    await t.test(`with a listener of Envoy's it serves an Envoy on ${variant}`, async () => {
      await using server = start(programs.envoy, String(await freePort()));
      await servesEnvoy(server, variant, first, second);
    });
  }
});

async function servesGrpc(server: RunningProcess, first: Backend, second: Backend): Promise<void> {
  const xds = await addressOf(server);
  server.write(String(first.port));
  const target = "xds:///report";
  const locality = { region: "here", zone: "z1" };
  await using client = await startXdsClient({ target, xds, node: { id: "web-1", cluster: "shop", locality } });
  assert.deepEqual([...answersById(await client.send(10))], [["first", 10]]);

  server.write(String(second.port));
  await until(async () => answersById(await client.send(1)).has("second"), {
    within: 30_000,
    what: "calls go to where the second line says",
  });
  // A gRPC client does not take the same endpoint twice.
  server.write(`${first.port} ${first.port}`);
  await server.line(/^web-1 rejects report: \S+/);
  assert.deepEqual([...answersById(await client.send(10))], [["second", 10]], "it keeps what it has");

  await using stranger = await startXdsClient({ target, xds, node: { id: "spy-1", cluster: "bank", locality } });
  assert.equal(codes(await stranger.send(1, { deadlineMs: 1_500 })).has("OK"), false);
}

async function servesEnvoy(
  server: RunningProcess,
  variant: "sotw" | "delta",
  first: Backend,
  second: Backend,
): Promise<void> {
  const [host = "", port = ""] = (await addressOf(server)).split(":");
  const locality = { region: "here", zone: "z1", subZone: "" };
  const node = { nodeId: "shop-1", role: "sidecar", service: "shop", locality } as const;
  const bootstrap = envoyBootstrap({ ...node, variant, xds: { host, port: Number(port) } });
  await using envoy = await startEnvoy({ name: `Envoy on ${variant}`, bootstrap });
  server.write(String(first.port));
  await using load = startLoad({ target: await envoy.listener("report", 20_000), authority: "report" });
  assert.deepEqual([...answersById(await load.send(10))], [["first", 10]]);
  for (const type of ["cluster", "endpoints", "listener", "routes"])
    await server.line(new RegExp(`^shop-1 has ${type} \\S`));

  server.write(`${first.port} ${second.port}`);
  await until(async () => answersById(await load.send(2)).size === 2, { within: 30_000, what: "calls go to both" });
  server.write(String(second.port));
  const onlySecond = async () => answersById(await load.send(4)).get("second") === 4;
  await until(onlySecond, { within: 30_000, what: "calls go to the second alone" });
  assert.deepEqual([...codes(await load.send(100))], [["OK", 100]]);
  const rejections = [...(await envoy.stats("update_rejected"))].filter(([, count]) => count > 0);
  assert.deepEqual(rejections, []);
}

async function addressOf(server: RunningProcess): Promise<string> {
  const [, xds = ""] = /xDS on (\S+);/.exec(await server.line(/^xDS on /)) ?? [];
  return xds;
}

/**
 * The example with what it takes for Envoy: a listener with an address, and a cluster that speaks HTTP/2, since Envoy does
 * not know that its calls are gRPC. And it tells what is ACKed.
 */
function exampleForEnvoy(example: string): string {
  const http2 = `{ case: "explicitHttpConfig", value: { protocolConfig: { case: "http2ProtocolOptions", value: {} } } }`;
  const options = `create(HttpProtocolOptionsSchema, { upstreamProtocolOptions: ${http2} })`;
  const address = `{ case: "socketAddress", value: { address: "127.0.0.1", portSpecifier: { case: "portValue", value: Number(process.argv[3]) } } }`;
  const filter = `{ name: "http", configType: { case: "typedConfig", value: anyPack(HttpConnectionManagerSchema, http) } }`;
  const changes: readonly (readonly [string, string])[] = [
    ["const name =", `import { HttpProtocolOptionsSchema } from "${httpOptions}";\n\nconst name =`],
    [
      "edsClusterConfig: { edsConfig: ads }",
      `edsClusterConfig: { edsConfig: ads }, typedExtensionProtocolOptions: { "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": anyPack(HttpProtocolOptionsSchema, ${options}) }`,
    ],
    ["{ routeSpecifier: rds", "{ statPrefix: name, routeSpecifier: rds"],
    [
      "apiListener: { apiListener: anyPack(HttpConnectionManagerSchema, http) }",
      `address: { address: ${address} }, filterChains: [{ filters: [${filter}] }]`,
    ],
    [
      "observe: (note) =>",
      'observe: (note) => note.kind === "acked" ? console.log(note.nodeId, "has", note.type, note.version) :',
    ],
  ];
  return changes.reduce((program, [from, to]) => {
    assert.equal(program.split(from).length, 2, `the example has "${from}" once`);
    return program.replace(from, () => to);
  }, example);
}
