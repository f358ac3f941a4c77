import assert from "node:assert/strict";
import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createServer, type TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { unknownLocality } from "../model/locality.ts";
import { envoyBootstrap } from "./envoy.ts";
import { exampleBootstraps } from "./examples.ts";
import { grpcBootstrap } from "./grpc.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const envoy = process.env["WEIR_ENVOY"] ?? globSync(join(root, ".weir/envoy/*/envoy/_bin/envoy"))[0];
const withoutEnvoy = envoy === undefined && "there is no Envoy: npm test installs one";

/** What Envoy itself has against a bootstrap; empty when it takes it. */
async function objections(bootstrap: string): Promise<string> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "weir-bootstrap-"));
  const file = join(folder.path, "bootstrap.yaml");
  await writeFile(file, bootstrap);
  const args = ["--mode", "validate", "-c", file, "--log-level", "warning"];
  const { stderr } = await promisify(execFile)(envoy ?? "envoy", args).catch(
    (error: { readonly stderr: string }) => error,
  );
  return stderr;
}

function hasOpenssl(): boolean {
  return spawnSync("openssl", ["version"]).status === 0;
}

const base = {
  nodeId: "one",
  role: "sidecar",
  service: "report",
  locality: { region: "dc-a", zone: "z1", subZone: "rack-4" },
  xds: { host: "127.0.0.1", port: 18_000 },
} as const;

for (const [file, text] of exampleBootstraps) {
  test(`${file} is what the code writes (node control-plane/src/bootstrap/write-examples.ts)`, async () => {
    assert.equal(await readFile(join(root, file), "utf8"), text);
  });
  test(`Envoy takes ${file} and has nothing against it`, { skip: withoutEnvoy }, async () => {
    assert.equal(await objections(text), "");
  });
}

test("Envoy takes the other forms too", { skip: withoutEnvoy }, async () => {
  for (const bootstrap of [
    envoyBootstrap({ ...base, variant: "sotw", listen: { host: "::1", port: 1 }, admin: { host: "::1", port: 0 } }),
    envoyBootstrap({ ...base, xds: { host: "weir.example", port: 443 }, locality: unknownLocality }),
  ])
    assert.equal(await objections(JSON.stringify(bootstrap)), "");
});

/** A certificate that vouches for itself, with its key, in files. */
async function makeCertificate(folder: string) {
  const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=weir".split(" ");
  const name = ["-addext", "subjectAltName=DNS:weir.example"];
  await promisify(execFile)("openssl", [...made, ...name, "-keyout", keyFile, "-out", certFile]);
  return { keyFile, certFile, caFile: certFile, serverName: "weir.example" };
}

test("Envoy takes a bootstrap with TLS", { skip: withoutEnvoy || !hasOpenssl() }, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "weir-tls-"));
  const tls = await makeCertificate(folder.path);
  assert.equal(await objections(JSON.stringify(envoyBootstrap({ ...base, tls }))), "");
  assert.match(
    await objections(JSON.stringify(envoyBootstrap({ ...base, tls: { ...tls, certFile: "nowhere" } }))),
    /nowhere/,
  );
});

test("with it Envoy comes to a server that asks for its certificate", {
  skip: withoutEnvoy || !hasOpenssl(),
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "weir-tls-"));
  const tls = await makeCertificate(folder.path);
  const [key, cert] = await Promise.all([readFile(tls.keyFile), readFile(tls.certFile)]);
  const server = createServer({ key, cert, ca: cert, requestCert: true, ALPNProtocols: ["h2"] });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const xds = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  const bootstrap = envoyBootstrap({ ...base, xds, tls, admin: { host: "127.0.0.1", port: 0 } });
  const child = spawn(envoy ?? "envoy", ["--use-dynamic-base-id", "--config-yaml", JSON.stringify(bootstrap)], {
    stdio: "ignore",
  });
  try {
    const [socket] = (await once(server, "secureConnection", { signal: AbortSignal.timeout(20_000) })) as [TLSSocket];
    assert.deepEqual([socket.authorized, socket.getProtocol(), socket.alpnProtocol], [true, "TLSv1.3", "h2"]);
    socket.destroy();
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
    server.close();
  }
});

test("a sidecar says whom it stands beside, where it is, and where its listener binds", () => {
  assert.deepEqual(envoyBootstrap({ ...base, listen: { host: "127.0.0.1", port: 10_001 } }).node, {
    id: "one",
    cluster: "report",
    locality: { region: "dc-a", zone: "z1", sub_zone: "rack-4" },
    metadata: { weir: { listen: "127.0.0.1:10001" } },
  });
  assert.equal(envoyBootstrap(base).node.metadata.weir.listen, "127.0.0.1:15001");
});

test("an edge is known by its cluster", () => {
  const { node } = envoyBootstrap({ ...base, role: "edge", locality: unknownLocality });
  assert.deepEqual(node, { id: "one", cluster: "edge", metadata: { weir: { listen: "0.0.0.0:10000" } } });
});

test("a proxyless client gets the bootstrap of gRFC A27", () => {
  const wanted = {
    nodeId: "billing-1",
    cluster: "billing",
    locality: base.locality,
    xds: { host: "::1", port: 18_000 },
  };
  assert.deepEqual(grpcBootstrap(wanted), {
    xds_servers: [{ server_uri: "[::1]:18000", channel_creds: [{ type: "insecure" }], server_features: ["xds_v3"] }],
    node: { id: "billing-1", cluster: "billing", locality: { region: "dc-a", zone: "z1", sub_zone: "rack-4" } },
  });
  const tls = { certFile: "a.crt", keyFile: "a.key", caFile: "ca.crt" };
  assert.deepEqual(grpcBootstrap({ ...wanted, tls }).xds_servers[0]?.channel_creds, [
    { type: "tls", config: { certificate_file: "a.crt", private_key_file: "a.key", ca_certificate_file: "ca.crt" } },
  ]);
});
