import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { consulPath } from "../kit/consul.ts";
import { type ConsulCluster, startConsulCluster } from "../kit/consul-cluster.ts";
import { followConsul } from "../kit/consul-follower.ts";
import { makeFolder } from "../kit/folder.ts";
import { freePort } from "../kit/ports.ts";
import { until } from "../kit/wait.ts";
import { startWeir } from "../kit/weir.ts";

const root = "00000000-1111-2222-3333-444444444444";

/** An authority, a certificate for a server and one for a client, made by Consul itself. */
async function certificates(dir: string) {
  const run = (...args: readonly string[]) => promisify(execFile)(consulPath(), ["tls", ...args], { cwd: dir });
  await run("ca", "create");
  await run("cert", "create", "-server", "-dc", "dc-a");
  await run("cert", "create", "-client", "-dc", "dc-a");
  const at = (name: string) => join(dir, name);
  return {
    ca: at("consul-agent-ca.pem"),
    server: { cert: at("dc-a-server-consul-0.pem"), key: at("dc-a-server-consul-0-key.pem") },
    client: { cert: at("dc-a-client-consul-0.pem"), key: at("dc-a-client-consul-0-key.pem") },
  };
}

/** A token that may read services and nodes, and nothing else. */
async function readToken(
  consul: ConsulCluster,
  name: string,
): Promise<{ readonly id: string; readonly secret: string }> {
  const Rules = 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }';
  await consul.call(0, "PUT", "/v1/acl/policy", { Name: name, Rules });
  const made = await consul.call(0, "PUT", "/v1/acl/token", { Policies: [{ Name: name }] });
  const { AccessorID, SecretID } = made as { readonly AccessorID: string; readonly SecretID: string };
  return { id: AccessorID, secret: SecretID };
}

test("a Consul that wants a certificate and a token is read, and both are replaced without a restart and never told", async () => {
  await using folder = await makeFolder("tls");
  const files = await certificates(folder.path);
  const https = await freePort();
  await using consul = await startConsulCluster({
    servers: 1,
    headers: { "x-consul-token": root },
    config: () => ({
      ports: { https },
      ...{ ca_file: files.ca, cert_file: files.server.cert, key_file: files.server.key, verify_incoming_https: true },
      acl: { enabled: true, default_policy: "deny", tokens: { master: root } },
    }),
  });
  await consul.register({ service: "report", id: "report-1", address: "10.1.0.1", port: 9090 });
  const first = await readToken(consul, "first");
  const tokenFile = await folder.write("token", `${first.secret}\n`);
  const addresses = [`https://127.0.0.1:${https}`];
  const tls = {
    ...{ caFile: files.ca, certFile: files.client.cert, keyFile: files.client.key },
    serverName: "server.dc-a.consul",
  };
  const datacenters = [{ name: "dc-a", addresses, tokenFile, tls }];
  const limits = { waitMs: 500, fileMs: 50 };
  const one = ["10.1.0.1:9090 serving"];
  {
    await using it = followConsul({ datacenters, services: ["report"], limits });
    await it.sees("report", one);

    await consul.call(0, "DELETE", `/v1/acl/token/${first.id}`);
    await until(() => it.source("dc-a")?.state === "stale", { within: 30_000, what: "the token is no longer taken" });
    assert.match(it.source("dc-a")?.cause ?? "", /403/);
    assert.deepEqual(it.endpoints("report"), one);
    const second = await readToken(consul, "second");
    await writeFile(tokenFile, second.secret);
    await until(() => it.source("dc-a")?.state === "current", { within: 20_000, what: "the new token is used" });

    // A certificate that is gone is a failure that names the file; one that is back is used.
    await rename(files.client.cert, `${files.client.cert}.away`);
    await until(() => it.source("dc-a")?.state === "stale", { within: 30_000, what: "the certificate is missed" });
    assert.match(it.source("dc-a")?.cause ?? "", /certificate for Consul .*client-consul-0\.pem cannot be read/);
    await rename(`${files.client.cert}.away`, files.client.cert);
    await until(() => it.source("dc-a")?.state === "current", {
      within: 20_000,
      what: "the certificate is used again",
    });
    assert.deepEqual(it.endpoints("report"), one);
    for (const secret of [first.secret, second.secret, root])
      assert.ok(!JSON.stringify(it.notes).includes(secret), "a token stands in what is told");
  }

  for (const [wrong, says] of [
    [{ ...tls, serverName: "server.dc-b.consul" }, /altnames|Hostname/],
    [{ ...tls, caFile: undefined }, /self.signed|unable to (get|verify)/],
    [
      { ...tls, certFile: undefined, keyFile: undefined },
      /certificate required|bad certificate|alert|ECONNRESET|EPIPE|hang up/,
    ],
  ] as const) {
    await using it = followConsul({
      datacenters: [{ ...datacenters[0], name: "dc-a", addresses, tls: wrong }],
      services: ["report"],
      limits,
    });
    const cause = await until(() => it.source("dc-a")?.cause, { within: 30_000, what: "it is refused" });
    assert.match(cause, says);
  }

  const secret = (await readToken(consul, "third")).secret;
  await writeFile(tokenFile, secret);
  const server = await folder.write(
    "server.yaml",
    JSON.stringify({
      datacenters: [{ name: "dc-a", consul: { addresses, tokenFile, tls } }],
      discover: [{ services: "*" }],
    }),
  );
  await using weir = await startWeir({ args: ["--server-config", server, "--log-level", "debug"] });
  const served = async () =>
    (await weir.api("GET", "/v1/services/report/endpoints?from=dc-a/z1&client=envoy")).status === 200;
  await until(served, { within: 15_000, what: "the service is served" });
  await rm(tokenFile);
  const sources = async () => JSON.stringify((await weir.api("GET", "/v1/sources")).body);
  await until(async () => (await sources()).includes("token file"), {
    within: 30_000,
    what: "the lost token file is shown",
  });
  assert.ok(!(await sources()).includes(secret) && !weir.process().lines.some((line) => line.includes(secret)));
});
