import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { consulPath, hasConsul } from "../kit/consul.ts";
import { startConsulCluster } from "../kit/consul-cluster.ts";
import { makeFolder } from "../kit/folder.ts";
import { freePort } from "../kit/ports.ts";
import { until } from "../kit/wait.ts";
import { startWeir, type Weir } from "../kit/weir.ts";

const skip = hasConsul() ? false : "there is no Consul to start";
const root = "00000000-1111-2222-3333-444444444444";

async function put(weir: Weir, port: number): Promise<number> {
  const spec = { protocol: "GRPC", port };
  const body = { apiVersion: "weir/v1alpha1", kind: "Service", metadata: { name: "report" }, spec };
  return (await weir.api("PUT", "/v1/services/report", body)).status;
}

async function port(weir: Weir): Promise<number | undefined> {
  const { body } = await weir.api("GET", "/v1/services/report");
  return (body as { spec?: { port?: number } }).spec?.port;
}

async function store(weir: Weir) {
  const { body } = await weir.api("GET", "/v1/store");
  return body as { readonly state: string; readonly revision: number; readonly cause?: string };
}

test("the shared store is reached over TLS, with a certificate and a token that may touch nothing but the prefix", {
  skip,
}, async () => {
  await using folder = await makeFolder("tls");
  const run = (...args: readonly string[]) => promisify(execFile)(consulPath(), ["tls", ...args], { cwd: folder.path });
  await run("ca", "create");
  await run("cert", "create", "-server", "-dc", "dc-a");
  await run("cert", "create", "-client", "-dc", "dc-a");
  const at = (name: string) => join(folder.path, name);
  const [ca, cert, key] = ["consul-agent-ca.pem", "dc-a-server-consul-0.pem", "dc-a-server-consul-0-key.pem"].map(at);
  const https = await freePort();
  await using consul = await startConsulCluster({
    servers: 1,
    headers: { "x-consul-token": root },
    config: () => ({
      ports: { https },
      ...{ ca_file: ca, cert_file: cert, key_file: key, verify_incoming_https: true },
      acl: { enabled: true, default_policy: "deny", tokens: { master: root } },
    }),
  });
  const Rules = 'key_prefix "weir/" { policy = "write" }';
  await consul.call(0, "PUT", "/v1/acl/policy", { Name: "weir", Rules });
  const made = await consul.call(0, "PUT", "/v1/acl/token", { Policies: [{ Name: "weir" }] });
  const { AccessorID, SecretID } = made as { readonly AccessorID: string; readonly SecretID: string };
  const args = [
    ...["--store-consul", `https://127.0.0.1:${https}`, "--store-consul-server-name", "server.dc-a.consul"],
    ...["--store-consul-ca-file", at("consul-agent-ca.pem")],
    ...["--store-consul-cert-file", at("dc-a-client-consul-0.pem")],
    ...["--store-consul-key-file", at("dc-a-client-consul-0-key.pem")],
    ...["--store-consul-token-file", await folder.write("token", `${SecretID}\n`)],
  ];
  await using a = await startWeir({ args });
  await using b = await startWeir({ args });
  assert.equal(await put(a, 1), 201);
  await until(async () => (await port(b)) === 1, { within: 30_000, what: "b has a's change" });

  await consul.call(0, "DELETE", `/v1/acl/token/${AccessorID}`);
  await until(async () => (await put(a, 2)) === 503, { within: 40_000, everyMs: 500, what: "the token is gone" });
  assert.match((await store(a)).cause ?? "", /403/);
  const lines = [...a.process().lines, ...b.process().lines].join("\n");
  assert.ok(!lines.includes(SecretID), "the token is in no log");
});

test("while the leader of the store is killed every confirmed change stays, and a store that lost its data is given them back", {
  skip,
}, async () => {
  await using consul = await startConsulCluster({ servers: 3 });
  const args = consul.urls.flatMap((url) => ["--store-consul", url]);
  await using a = await startWeir({ args });
  await using b = await startWeir({ args });
  assert.equal(await put(a, 1), 201);
  await until(async () => (await port(b)) === 1, { within: 30_000, what: "b has it" });
  let next = 2;
  for (const weir of [a, b]) {
    const leader = await consul.leader();
    await consul.kill(leader);
    await until(async () => (await put(weir, next)) === 200, {
      within: 30_000,
      everyMs: 100,
      what: "a change goes through the new leader",
    });
    const confirmed = next++;
    await until(async () => (await port(a)) === confirmed && (await port(b)) === confirmed, {
      within: 20_000,
      what: "it is in force at both",
    });
    await consul.start(leader);
  }
  const { revision } = await store(a);
  for (const server of [0, 1, 2]) await consul.kill(server);
  for (const server of [0, 1, 2]) await consul.wipe(server);
  assert.equal(await put(a, 99), 503);
  await Promise.all([0, 1, 2].map((server) => consul.start(server)));
  await until(async () => (await put(b, next)) === 200, { within: 60_000, everyMs: 200, what: "changes are taken" });
  await until(async () => (await port(a)) === next, { within: 20_000, what: "a has it" });
  assert.ok((await store(a)).revision > revision, "no revision is given out twice");
});
