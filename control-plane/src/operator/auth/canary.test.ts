import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtempDisposable, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { runCommand } from "../../cli/testing.ts";
import { parseConfig } from "../../config.ts";
import { type Ready, runControlPlane } from "../../control-plane.ts";
import { until } from "../../lib/testing.ts";
import { service } from "../testing-api.ts";
import { newToken, tokenHash } from "./new-token.ts";
import { startTestIssuer } from "./testing-issuer.ts";

/** A Consul that refuses everything and shows in its answer what it was asked with: worse than a real one. */
async function startEcho() {
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    response.writeHead(403).end(`ACL not found for ${JSON.stringify(request.headers)}`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("a secret comes out nowhere, wherever it was put in: logs, metrics, errors, events, journals, bug reports", async () => {
  await using provider = await startTestIssuer({ programs: { root: { groups: ["ops"] }, nobody: { groups: [] } } });
  await using echo = await startEcho();
  await using folder = await mkdtempDisposable(join(tmpdir(), "weir-canary-"));
  const at = (name: string) => join(folder.path, name);
  const stop = new AbortController();
  const [root, stranger, misplaced] = [newToken(), newToken(), newToken()];
  const consulToken = `consul-${randomBytes(16).toString("hex")}`;
  const key = `-----BEGIN PRIVATE KEY-----\n${randomBytes(60).toString("base64")}\n-----END PRIVATE KEY-----\n`;
  const jwts = [
    await provider.tokenOf("root"),
    await provider.tokenOf("nobody"),
    await provider.tokenOf("root", { audience: "shop" }),
  ];
  await mkdir(at("config"));
  await writeFile(at("tokens.yaml"), `tokens:\n  - {name: root, role: admin, sha256: ${tokenHash(root)}}\n`);
  await writeFile(at("consul-token"), consulToken);
  const file = {
    xds: { address: "127.0.0.1:0" },
    admin: {
      address: "127.0.0.1:0",
      auth: {
        tokens: at("tokens.yaml"),
        oidc: { issuer: provider.issuer, audience: "weir", roles: [{ value: "ops", role: "admin" }] },
      },
    },
    data: { path: at("data") },
    resources: { path: at("config") },
    datacenters: [{ name: "dc-a", consul: { address: echo.url, tokenFile: at("consul-token") } }],
    telemetry: { log: { level: "debug" } },
  };
  const config = parseConfig({ options: {}, env: {}, serverFile: { path: "weir.yaml", text: JSON.stringify(file) } });
  assert.ok(config.ok, JSON.stringify(config));
  const stderr = new PassThrough();
  let out = "";
  stderr.setEncoding("utf8").on("data", (text) => {
    out += text;
  });
  const started = Promise.withResolvers<Ready>();
  const running = runControlPlane(config.value, { version: "0", stderr, ready: started.resolve }, stop.signal);
  // With a Consul that refuses nothing is served; the operator API is there.
  await until(() => /admin listens on/.test(out), 20_000);
  const server = `http://${/admin listens on ([\d.:]+)/.exec(out)?.[1]}`;
  const call = async (authorization: string, method: string, path: string, body?: string, more = {}) => {
    const response = await fetch(`${server}${path}`, {
      method,
      headers: { authorization, ...(body !== undefined && { "content-type": "application/json" }), ...more },
      ...(body !== undefined && { body }),
    });
    out += `${[...response.headers].join("\n")}\n${await response.text()}\n`;
    return response.status;
  };
  const consul = {
    ...service,
    spec: { ...service.spec, endpoints: [{ consul: { service: "report", datacenters: ["dc-a"] } }] },
  };
  assert.equal(await call(`Bearer ${root}`, "PUT", "/v1/services/report", JSON.stringify(consul)), 201);
  await until(() => echo.asked() > 0, 10_000);
  const events = new AbortController();
  const stream = await fetch(`${server}/v1/events`, {
    headers: { authorization: `Bearer ${jwts[0]}` },
    signal: events.signal,
  });
  assert.equal(stream.status, 200);
  void (async () => {
    for await (const piece of stream.body ?? []) out += Buffer.from(piece).toString();
  })().catch(() => undefined);

  const secrets = [root, stranger, misplaced, consulToken, key, ...jwts];
  const answers: number[] = [];
  for (const secret of secrets) {
    const shown = encodeURIComponent(secret);
    const line = secret.replaceAll("\n", "");
    for (const scheme of ["Bearer ", "bearer  ", "Token ", ""])
      answers.push(await call(`${scheme}${line}`, "GET", "/v1/services"));
    for (const [method, path] of [
      ["GET", `/v1/services?token=${shown}`],
      ["GET", `/v1/services?access_token=${shown}`],
      ["GET", `/?code=${shown}&state=${shown}`],
    ] as const)
      await call("", method, path).then((code) => answers.push(code));
    const own = { authorization: `Bearer ${root}` };
    for (const headers of [
      { cookie: line },
      { "x-consul-token": line },
      { "idempotency-key": line.replaceAll(" ", "") },
      { "if-match": `"${line}"` },
    ])
      answers.push(await call("", "PUT", "/v1/log-levels", '{"level":"debug"}', { ...headers, ...own }));
  }
  assert.ok(answers.includes(401) && answers.includes(403) && answers.includes(200));
  // Tokens where their hashes belong, while it runs.
  await writeFile(at("tokens.yaml"), `tokens:\n  - {name: root, role: admin, sha256: ${misplaced}}\n  - ${jwts[0]}\n`);
  assert.equal(await call(`Bearer ${root}`, "GET", "/v1/whoami"), 200);

  await writeFile(at("jwt"), jwts[0] ?? "");
  const env = { WEIR_SERVER: server, XDG_CONFIG_HOME: at("home") };
  const shown = ["--token-file", at("jwt")];
  for (const args of [
    ["status"],
    ["whoami"],
    ["history"],
    ["sources"],
    ["audit", "list"],
    ["bug-report", "--file", at("bug.tar.gz")],
  ]) {
    const { out: said, err } = await runCommand([...shown, ...args], { env });
    out += said + err;
  }
  for (const path of ["/metrics", "/v1/revisions", "/v1/acts", "/v1/sources", "/v1/findings", "/v1/store", "/readyz"])
    await call(`Bearer ${jwts[0]}`, "GET", path);
  out += gunzipSync(await readFile(at("bug.tar.gz"))).toString("latin1");
  events.abort();
  stop.abort();
  await running;
  for (const name of await readdir(at("data"), { recursive: true }))
    out += await readFile(join(at("data"), name), "utf8").catch(() => "");

  assert.match(out, /tokens-refused|is not taken/);
  assert.match(out, /TOKEN_AUDIENCE/);
  assert.match(out, /NO_ROLE/);
  const parts = secrets.flatMap((secret) => {
    const whole = secret.replace(/^weir_/, "").replace(/-----[A-Z ]+-----|\n/g, "");
    // Of a JWT the signature: the rest is worth nothing without it, and two have the same header.
    return [whole.split(".").at(-1) ?? ""];
  });
  for (const [index, part] of parts.entries()) {
    const found = out.indexOf(part.slice(0, 40));
    assert.equal(found, -1, `secret ${index} got out: ${out.slice(Math.max(0, found - 300), found)}`);
  }
});
