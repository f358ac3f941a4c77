import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { Resources } from "@weir/proto/weir/operator/v1/resources_pb.ts";
import { startOperatorGrpc } from "../../operator-grpc/grpc-server.ts";
import { connectGrpc, failureOf } from "../../operator-grpc/testing-grpc.ts";
import { startOperator } from "../operator-server.ts";
import { startTestParts } from "../testing.ts";
import { namesIn } from "./certificate-names.ts";
import { newToken, tokenHash } from "./new-token.ts";
import { openTokens } from "./tokens.ts";

type Pem = { readonly cert: Buffer; readonly key: Buffer };

/** Makes certificates in a folder: one that signs itself, or is signed by another. */
function maker(dir: string) {
  return async (name: string, more: readonly string[] = [], signer?: string): Promise<Pem> => {
    const at = (file: string) => join(dir, file);
    const out = ["-keyout", at(`${name}.key`), "-out", at(`${name}.pem`)];
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    const by = signer === undefined ? [] : ["-CA", at(`${signer}.pem`), "-CAkey", at(`${signer}.key`)];
    await promisify(execFile)("openssl", [
      "req",
      "-x509",
      ...kind,
      "-subj",
      `/O=Weir/CN=${name}`,
      ...by,
      ...out,
      ...more,
    ]);
    return { cert: await readFile(at(`${name}.pem`)), key: await readFile(at(`${name}.key`)) };
  };
}

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

test("over TLS a certificate of the authorities says who one is, by its names, and a token still does", {
  skip: !hasOpenssl,
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "weir-certificates-"));
  const make = maker(folder.path);
  const authority = await make("authority");
  await make("others");
  const names = (text: string) => ["-addext", `subjectAltName=${text}`];
  const server = await make("server", names("IP:127.0.0.1"), "authority");
  const ana = await make("ana", names("URI:spiffe://prod/ana,DNS:ana.example"), "authority");
  const bo = await make("bo", [], "authority");
  const unknown = await make("unknown", names("URI:spiffe://prod/nobody"), "authority");
  const forged = await make("forged", names("URI:spiffe://prod/ana"), "others");
  // The common name does not count beside other names: it is unverified text in many authorities.
  const both = await make("bo", names("DNS:elsewhere.example"), "authority");
  const token = newToken();
  const file = join(folder.path, "tokens.yaml");
  await writeFile(
    file,
    `tokens:
  - {name: ana, role: viewer, certificate: "URI:spiffe://prod/ana"}
  - {name: bo, role: admin, certificate: "CN:bo"}
  - {name: cho, role: viewer, sha256: ${tokenHash(token)}}
`,
  );
  await using weir = await startTestParts();
  const tls = { certificates: server.cert, key: server.key, clientAuthorities: authority.cert };
  await using operator = await startOperator({
    listen: { host: "127.0.0.1", port: 0 },
    hosts: [],
    parts: weir.parts,
    tokens: await openTokens({ file, observe: () => undefined, now: () => new Date() }),
    tls,
    observe: () => undefined,
  });
  const ask = async (path: string, pem?: Pem, headers: Record<string, string> = {}) => {
    const options = { host: "127.0.0.1", port: operator.port, path, headers, agent: false, ca: authority.cert };
    const asked = request({ ...options, ...pem });
    asked.end();
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    let text = "";
    for await (const part of answer.setEncoding("utf8")) text += part;
    const body = JSON.parse(text) as {
      name?: string;
      knownBy?: string;
      error?: { details: readonly { reason: string }[] };
    };
    return body.error?.details[0]?.reason ?? `${body.name} by ${body.knownBy}`;
  };
  assert.equal(await ask("/v1/whoami", ana), "ana by certificate");
  assert.equal(await ask("/v1/whoami", bo), "bo by certificate");
  assert.equal(await ask("/v1/whoami", unknown), "CERTIFICATE_UNKNOWN");
  assert.equal(await ask("/v1/whoami", both), "CERTIFICATE_UNKNOWN");
  assert.equal(await ask("/v1/whoami", forged), "NO_TOKEN");
  assert.equal(await ask("/v1/whoami"), "NO_TOKEN");
  const bearer = { authorization: `Bearer ${token}` };
  assert.equal(await ask("/v1/whoami", undefined, bearer), "cho by token");
  assert.equal(await ask("/v1/whoami", ana, bearer), "cho by token");
  assert.equal(await ask("/v1/whoami", ana, { authorization: "Bearer nonsense" }), "TOKEN_UNKNOWN");

  // Over gRPC the same names count, though the routes are asked within the process.
  await using grpc = await startOperatorGrpc({
    listen: { host: "127.0.0.1", port: 0 },
    app: operator,
    tls,
    isReady: () => true,
    observe: () => undefined,
  });
  const askGrpc = async (pem?: Pem, headers: Record<string, string> = {}) => {
    const shown = credentials.createSsl(authority.cert, pem?.key ?? null, pem?.cert ?? null);
    using client = connectGrpc(`127.0.0.1:${grpc.port}`, shown);
    const resources = [{ kind: "Service", name: "report", spec: { protocol: "GRPC", endpoints: [{ registry: {} }] } }];
    const { applyResources } = Resources.method;
    return await client.ask(applyResources, { resources, validateOnly: true }, headers).then(
      () => "done",
      (error: ServiceError) => failureOf(error).reason || error.message,
    );
  };
  assert.equal(await askGrpc(bo), "done");
  assert.equal(await askGrpc(ana), "ROLE_TOO_SMALL");
  assert.equal(await askGrpc(unknown), "CERTIFICATE_UNKNOWN");
  assert.equal(await askGrpc(forged), "NO_TOKEN");
  assert.equal(await askGrpc(), "NO_TOKEN");
  assert.equal(await askGrpc(bo, bearer), "ROLE_TOO_SMALL");
});

test("a name in a certificate that would read as two names is nobody's", () => {
  assert.deepEqual(namesIn("DNS:a.example, URI:spiffe://prod/a, IP Address:10.0.0.1, email:a@b"), [
    ...["DNS:a.example", "URI:spiffe://prod/a", "email:a@b"],
  ]);
  assert.deepEqual(namesIn('DNS:"a.example, URI:spiffe://prod/root", DNS:b'), ["DNS:b"]);
  assert.deepEqual(namesIn('URI:"http://x/\\", URI:spiffe://prod/root"'), []);
  assert.deepEqual(namesIn(""), []);
});
