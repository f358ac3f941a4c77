import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { create } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { type ChannelCredentials, Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { type Cluster, ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import { AggregatedDiscoveryService } from "@weir/proto/envoy/service/discovery/v3/ads_pb.ts";
import { DiscoveryRequestSchema } from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import { methodOf } from "@weir/proto/grpc/service.ts";
import { typeUrls } from "./snapshot/resource.ts";
import { createXdsServer, type XdsNote, type XdsServerOptions } from "./xds-server.ts";

const cluster = (name: string, altStatName = "") => create(ClusterSchema, { name, altStatName });

/** A server on a free port, and what it told. */
async function start(t: TestContext, options: Partial<XdsServerOptions> = {}) {
  const notes: XdsNote[] = [];
  const server = await createXdsServer({ listen: "127.0.0.1:0", observe: (note) => notes.push(note), ...options });
  t.after(() => server[Symbol.asyncDispose]());
  return { server, notes };
}

/** A client that asks for all clusters, and ACKs what it is sent. */
function connect(
  t: TestContext,
  { port }: { readonly port: number },
  {
    node = { id: "web-1", cluster: "shop" },
    headers = {},
    channel = credentials.createInsecure(),
  }: { readonly node?: object; readonly headers?: object; readonly channel?: ChannelCredentials } = {},
) {
  const client = new Client(`localhost:${port}`, channel);
  const { path, requestSerialize, responseDeserialize } = methodOf(
    AggregatedDiscoveryService,
    AggregatedDiscoveryService.method.streamAggregatedResources,
  );
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
  t.after(() => client.close());
  const ended = new Promise<Pick<ServiceError, "code" | "details">>((resolve) => call.on("status", resolve));
  call.on("error", () => undefined);
  const request = { node, typeUrl: typeUrls.cluster };
  call.write(create(DiscoveryRequestSchema, request));
  return {
    ended,
    leave: () => call.cancel(),
    /** The clusters of the next response. */
    next: () =>
      new Promise<readonly (Cluster | undefined)[]>((resolve, reject) => {
        ended.then(({ details }) => reject(new Error(details)));
        call.once("data", ({ versionInfo, nonce, resources }) => {
          call.write(create(DiscoveryRequestSchema, { ...request, versionInfo, responseNonce: nonce }));
          resolve(resources.map((resource: Parameters<typeof anyUnpack>[0]) => anyUnpack(resource, ClusterSchema)));
        });
      }),
  };
}

const names = (clusters: readonly (Cluster | undefined)[]) => clusters.map((each) => each?.name);

test("clients get what was set for the cluster of their node, and then what changes", async (t) => {
  const { server, notes } = await start(t);
  const report = cluster("report");
  server.set("shop", { clusters: [report] });
  server.set("bank", { clusters: [cluster("ledger")] });
  const shop = connect(t, server);
  const bank = connect(t, server, { node: { id: "teller-1", cluster: "bank" } });
  assert.deepEqual(names(await shop.next()), ["report"]);
  assert.deepEqual(names(await bank.next()), ["ledger"]);

  const changed = shop.next();
  server.set("shop", { clusters: [report, cluster("stock")] });
  assert.deepEqual(names(await changed), ["report", "stock"]);
  assert.deepEqual(await server.clients.settled(5_000, AbortSignal.timeout(5_000)), { acked: 2, of: 2 });
  const held = server.clients.list().map((client) => [client.nodeId, [...client.resources()].map(({ name }) => name)]);
  assert.deepEqual(Object.fromEntries(held), { "web-1": ["report", "stock"], "teller-1": ["ledger"] });
  const sent = notes.flatMap((note) => (note.kind === "sent" ? [`${note.nodeId} ${note.resources}`] : []));
  assert.deepEqual(sent.sort(), ["teller-1 1", "web-1 1", "web-1 2"]);
});

test("a client that came first is answered once its resources are set", async (t) => {
  const heard: string[] = [];
  const left = Promise.withResolvers<void>();
  const { server } = await start(t, {
    viewer: ({ locality }) => `zone ${locality?.zone}`,
    wanted(viewer, signal) {
      heard.push(viewer);
      signal.addEventListener("abort", () => left.resolve());
      setImmediate(() => server.set(viewer, { clusters: [cluster("report")] }));
    },
  });
  const client = connect(t, server, { node: { id: "web-1", locality: { zone: "z1" } } });
  assert.deepEqual(names(await client.next()), ["report"]);
  assert.deepEqual(heard, ["zone z1"]);
  client.leave();
  await left.promise;
});

test("who is refused is told why", async (t) => {
  const { server, notes } = await start(t, {
    refuse: ({ cluster }, { header, peer }) =>
      header("authorization") === "Bearer 42" ? undefined : `${cluster} at ${peer.split(":")[0]} has no token`,
  });
  server.set("shop", { clusters: [cluster("report")] });
  const { code, details } = await connect(t, server).ended;
  assert.deepEqual({ code, details }, { code: status.PERMISSION_DENIED, details: "shop at 127.0.0.1 has no token" });
  assert.deepEqual(
    notes.map((note) => note.kind === "client-refused" && note.reason),
    [details],
  );
  assert.deepEqual(names(await connect(t, server, { headers: { authorization: "Bearer 42" } }).next()), ["report"]);
});

test("a hook that throws refuses its client and nobody else, and does not tell it why", async (t) => {
  const { server, notes } = await start(t, {
    viewer({ cluster, locality }) {
      if (locality?.zone === "") throw new Error("no shard is called that");
      return cluster;
    },
    refuse({ id }) {
      if (id === "web-2") throw new Error("the key file is gone");
      return undefined;
    },
  });
  server.set("shop", { clusters: [cluster("report")] });
  const unplaced = await connect(t, server, { node: { id: "web-1", cluster: "shop", locality: {} } }).ended;
  const unknown = await connect(t, server, { node: { id: "web-2", cluster: "shop" } }).ended;
  assert.deepEqual([unplaced.code, unknown.code], [status.INVALID_ARGUMENT, status.PERMISSION_DENIED]);
  assert.doesNotMatch(`${unplaced.details} ${unknown.details}`, /shard|key file/);
  const threw = notes.flatMap((note) =>
    note.kind === "hook-threw" ? [`${note.nodeId} ${note.hook} ${note.cause}`] : [],
  );
  assert.deepEqual(threw, ["web-1 viewer Error: no shard is called that", "web-2 refuse Error: the key file is gone"]);
  assert.deepEqual(names(await connect(t, server).next()), ["report"]);
});

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
test("with tls, who may come can be told by the certificate", { skip: !hasOpenssl }, async (t) => {
  const { certificates, key } = await makeCertificate(t, "localhost");
  const { server } = await start(t, {
    tls: { certificates, key, clientAuthorities: certificates },
    refuse: (_node, { certificate = "" }) => `${new X509Certificate(certificate).subject} may not`,
  });
  const pem = [certificates, key, certificates].map((text) => Buffer.from(text));
  const channel = credentials.createSsl(...(pem as [Buffer, Buffer, Buffer]));
  assert.equal((await connect(t, server, { channel }).ended).details, "CN=localhost may not");
  assert.equal((await connect(t, server).ended).code, status.UNAVAILABLE, "in plaintext nobody is served");
});

test("a key that is none is found before anybody is served", async () => {
  const tls = { certificates: "PEM", key: "PEM" };
  await assert.rejects(createXdsServer({ listen: "127.0.0.1:0", tls }), /tls: certificates, key or clientAuthorities/);
});

/** A certificate that is its own authority. */
async function makeCertificate(t: TestContext, name: string) {
  const dir = await mkdtemp(join(tmpdir(), "weir-xds-server-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const [keyFile, file] = [join(dir, "key.pem"), join(dir, "certificate.pem")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  await promisify(execFile)("openssl", ["req", "-x509", ...kind, ...subject, "-keyout", keyFile, "-out", file]);
  return { certificates: await readFile(file, "utf8"), key: await readFile(keyFile, "utf8") };
}

test("an address that cannot be listened on is named", async (t) => {
  await assert.rejects(createXdsServer({ listen: "localhost" }), /listen: "localhost" is not address:port/);
  const { server } = await start(t);
  await assert.rejects(createXdsServer({ listen: `127.0.0.1:${server.port}` }), new RegExp(`127.0.0.1:${server.port}`));
});
