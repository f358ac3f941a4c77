import assert from "node:assert/strict";
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { runCommand } from "../../cli/testing.ts";
import { until } from "../../lib/testing.ts";
import { startTelemetry } from "../../telemetry/telemetry.ts";
import { startOperator } from "../operator-server.ts";
import { startTestParts } from "../testing.ts";
import { service, split } from "../testing-api.ts";
import { newToken, tokenHash } from "./new-token.ts";
import { openTokens } from "./tokens.ts";

const shiftTo = (to: Record<string, number>, more: Record<string, unknown> = {}) => ({
  ...split,
  spec: { ...split.spec, rules: [{ ...split.spec.rules[0], to }], ...more },
});

/** A server that asks who one is, with its log, and a call for each of its people. */
async function start() {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await mkdtempDisposable(join(tmpdir(), "weir-logged-in-")));
  const stderr = new PassThrough();
  let log = "";
  stderr.setEncoding("utf8").on("data", (text) => {
    log += text;
  });
  const telemetry = opened.use(
    await startTelemetry(
      { log: { level: "debug", format: "json" }, otlp: { endpoint: undefined, serviceName: "weir" } },
      stderr,
    ),
  );
  const { observe } = telemetry;
  const weir = opened.use(await startTestParts());
  const tokens = { ana: newToken(), cho: newToken(), root: newToken(), eve: newToken() };
  const file = join(folder.path, "tokens.yaml");
  await writeFile(
    file,
    `tokens:
  - {name: ana, role: shifter, services: [report], datacenters: [dc-a, dc-b], sha256: ${tokenHash(tokens.ana)}}
  - {name: cho, role: viewer, sha256: ${tokenHash(tokens.cho)}}
  - {name: root, role: admin, sha256: ${tokenHash(tokens.root)}}
`,
  );
  const operator = opened.use(
    await startOperator({
      listen: { host: "127.0.0.1", port: 0 },
      hosts: [],
      parts: weir.parts,
      tokens: await openTokens({ file, observe, now: () => new Date() }),
      observe,
    }),
  );
  const server = `http://127.0.0.1:${operator.port}`;
  const whole = opened.move();
  return {
    ...{ folder: folder.path, tokens, server, parts: weir.parts, log: () => log },
    async call(who: keyof typeof tokens | undefined, method: string, path: string, body?: unknown, more = {}) {
      const answer = await fetch(`${server}${path}`, {
        method,
        headers: {
          ...(who && { authorization: `Bearer ${tokens[who]}` }),
          ...(body !== undefined && { "content-type": "application/json" }),
          ...more,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const said = (await answer.json().catch(() => ({}))) as {
        error?: { status: string; message: string; details: readonly { reason: string; metadata: unknown }[] };
      };
      // An operation that has failed has one, too.
      const error = answer.ok ? undefined : said.error;
      return { status: answer.status, reason: error?.details[0]?.reason, message: error?.message, error };
    },
    run: (env: Record<string, string>, ...args: readonly string[]) =>
      runCommand(args, { env: { WEIR_SERVER: server, ...env }, actor: "somebody" }),
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

test("a shifter changes the shares of his services within his data centers, and nothing else", async () => {
  await using weir = await start();
  await weir.call("root", "PUT", "/v1/services/report", service);
  await weir.call("root", "PUT", "/v1/services/other", { ...service, metadata: { name: "other" } });
  await weir.call("root", "PUT", "/v1/trafficSplits/report", split);
  const put = (body: unknown, path = "/v1/trafficSplits/report") => weir.call("ana", "PUT", path, body);

  assert.equal((await put(shiftTo({ "dc-a": 60, "dc-b": 40 }))).status, 200);
  const there = await put(shiftTo({ "dc-a": 60, "dc-d": 40 }));
  assert.deepEqual([there.status, there.reason], [403, "OUT_OF_REACH"]);
  assert.equal(there.message, "this change of trafficSplits/report touches data center dc-d, which ana may not");
  assert.deepEqual(there.error?.details[0]?.metadata, {
    ...{ resource: "trafficSplits/report", name: "ana", role: "shifter", services: "", datacenters: "dc-d" },
  });
  const away = await put({ ...split, spec: { ...split.spec, service: "other" } });
  assert.equal(away.reason, "OUT_OF_REACH");
  assert.equal((await weir.call("ana", "DELETE", "/v1/trafficSplits/report")).reason, "OUT_OF_REACH");
  assert.equal((await put(service, "/v1/services/report")).reason, "ROLE_TOO_SMALL");

  // Many at once: what is in force already may be sent along, what differs may not.
  const both = (spec: object) => [
    { ...service, spec: { ...service.spec, ...spec } },
    shiftTo({ "dc-a": 50, "dc-b": 50 }),
  ];
  const refused = await weir.call("ana", "POST", "/v1/config:apply", both({ protocol: "HTTP2" }));
  assert.equal(refused.message, "ana may not change services/report: that is for admin, and ana is shifter");
  assert.equal((await weir.call("ana", "POST", "/v1/config:apply", both({}))).status, 200);
  assert.equal(
    (await weir.call("ana", "POST", "/v1/config:apply?validateOnly=true", shiftTo({ "dc-d": 100 }))).status,
    403,
  );
  assert.equal(weir.parts.policies.books.current()?.revision, 5);
  await until(() => weir.log().includes("PUT /v1/trafficSplits/:name by ana is denied: OUT_OF_REACH"), 10_000);
  assert.match(weir.log(), /PUT \/v1\/services\/:name by ana is denied: ROLE_TOO_SMALL/);
});

test("a shifter drains the data centers and services that are his", async () => {
  await using weir = await start();
  await weir.call("root", "PUT", "/v1/services/report", service);
  const expireTime = new Date(Date.now() + 3_600_000).toISOString();
  const put = (name: string, spec: Record<string, unknown>) => {
    const all = { ...spec, reason: "CHG-1", by: "ana", expireTime };
    const document = { ...service, kind: "Drain", metadata: { name }, spec: all };
    return weir.call("ana", "PUT", `/v1/drains/${name}`, document);
  };
  assert.equal((await put("mine", { locality: "dc-a/z1", services: ["report"] })).status, 201);
  const elsewhere = await put("elsewhere", { locality: "dc-c", services: ["report"] });
  assert.equal(elsewhere.message, "this change of drains/elsewhere touches data center dc-c, which ana may not");
  // Without services it is about all of them.
  assert.equal((await put("all", { locality: "dc-a" })).reason, "OUT_OF_REACH");
  // To move it to another place changes both.
  assert.equal((await put("mine", { locality: "dc-c", services: ["report"] })).reason, "OUT_OF_REACH");
});

test("a shifter begins a shift between his data centers, and ends none of others", async () => {
  await using weir = await start();
  await weir.call("root", "PUT", "/v1/services/report", service);
  await weir.call("root", "PUT", "/v1/trafficSplits/report", split);
  const steps = [{ setWeight: 50 }, { pause: "untilResumed" }, { setWeight: 100 }];
  const shift = (who: "ana" | "root", target: Record<string, number>) =>
    weir.call(who, "POST", "/v1/trafficSplits/report:shift", { target, steps });
  assert.equal((await shift("ana", { "dc-a": 60, "dc-d": 40 })).reason, "OUT_OF_REACH");
  const begun = await shift("root", { "dc-a": 60, "dc-d": 40 });
  assert.equal(begun.status, 200, begun.message);
  const splits = [...(weir.parts.policies.books.current()?.splits.values() ?? [])];
  const name = splits[0]?.shift?.name ?? "";
  assert.equal((await weir.call("ana", "POST", `/v1/operations/${name}:abort`)).reason, "OUT_OF_REACH");
  assert.equal((await weir.call("root", "POST", `/v1/operations/${name}:abort`)).status, 200);
  const own = await shift("ana", { "dc-a": 60, "dc-b": 40 });
  assert.equal(own.status, 200, own.message);
});

test("an instance registers with a token for its service and its data center only", async () => {
  await using weir = await start();
  const put = (name: string, locality?: string) =>
    weir.call("ana", "PUT", `/v1/registry/services/${name}/endpoints/r1`, {
      address: "127.0.0.1:9001",
      ...(locality !== undefined && { locality }),
    });
  assert.equal((await put("report", "dc-a/z1")).status, 201);
  assert.equal((await put("report", "dc-c/z1")).reason, "OUT_OF_REACH");
  assert.equal((await put("other", "dc-a/z1")).reason, "OUT_OF_REACH");
  assert.equal((await put("report")).reason, "OUT_OF_REACH", "without a locality it may get anybody's calls");
  assert.equal((await weir.call("ana", "DELETE", "/v1/registry/services/report/endpoints/r1")).status, 200);
});

test("the journal shows who logged in, whatever the header claims", async () => {
  await using weir = await start();
  await weir.call("root", "PUT", "/v1/services/report", service, { "x-weir-actor": "somebody else" });
  const [entry] = weir.parts.policies.journal(1);
  assert.deepEqual([entry?.by, entry?.vouchedBy], ["root", "token"]);
});

test("who does not say who he is learns nothing, not even what paths there are", async () => {
  await using weir = await start();
  for (const path of ["/v1/services", "/nothing", "/v1/services/report:fly"])
    assert.equal((await weir.call(undefined, "GET", path)).status, 401, path);
  const { status, reason, error } = await weir.call("eve", "GET", "/v1/services");
  assert.deepEqual([status, reason, error?.status], [401, "TOKEN_UNKNOWN", "UNAUTHENTICATED"]);
  assert.equal((await weir.call("cho", "GET", "/nothing")).status, 404);
  assert.equal((await weir.call("cho", "DELETE", "/v1/config:apply")).status, 405);
  for (const authorization of ["Basic YTpi", "Bearer", "Bearer a b", `bearer  ${weir.tokens.eve}`])
    assert.equal((await weir.call(undefined, "GET", "/v1/services", undefined, { authorization })).status, 401);
  assert.equal((await weir.call(undefined, "GET", "/healthz")).status, 200);
});

test("no token is ever in the log, the journal or what commands print", async () => {
  await using weir = await start();
  const file = join(weir.folder, "token");
  await writeFile(file, `${weir.tokens.root}\n`);
  const printed: string[] = [];
  const documents = join(weir.folder, "all.json");
  await writeFile(documents, JSON.stringify(service));
  const runs: readonly (readonly [Record<string, string>, readonly string[]])[] = [
    [{}, ["--token-file", file, "apply", "-f", documents]],
    [{ WEIR_TOKEN: weir.tokens.ana }, ["whoami"]],
    [{ WEIR_TOKEN_FILE: file }, ["history"]],
    [{ WEIR_TOKEN: weir.tokens.eve }, ["get", "services"]],
    [{ WEIR_TOKEN: weir.tokens.cho }, ["delete", "service", "report"]],
    [{ WEIR_TOKEN: weir.tokens.ana, WEIR_SERVER: "http://weir.example:18080" }, ["get", "services"]],
    [{ WEIR_TOKEN: `${weir.tokens.ana} ${weir.tokens.eve}` }, ["get", "services"]],
    [{ WEIR_TOKEN: weir.tokens.ana, WEIR_SERVER: "http://127.0.0.1:1" }, ["get", "services"]],
  ];
  const codes: number[] = [];
  for (const [env, args] of runs) {
    const { code, out, err } = await weir.run(env, ...args);
    codes.push(code);
    printed.push(out, err);
  }
  assert.deepEqual(codes, [0, 0, 0, 2, 2, 2, 2, 2], printed.join("\n"));
  assert.match(printed.join("\n"), /the token is not sent to weir\.example in the clear/);
  // Where people put them by mistake.
  await weir.call("root", "GET", `/v1/services/${weir.tokens.eve}?token=${weir.tokens.eve}`);
  await weir.call(undefined, "GET", "/v1/services", undefined, { authorization: `Token ${weir.tokens.eve}` });
  await until(() => weir.log().includes("by nobody known is denied: NO_TOKEN"), 10_000);
  const everything = [
    ...printed,
    weir.log(),
    JSON.stringify(weir.parts.policies.journal(100)),
    (await weir.parts.metrics()).text,
    await readFile(join(weir.folder, "tokens.yaml"), "utf8"),
  ].join("\n");
  assert.match(weir.log(), /GET \/v1\/services by nobody known is denied: TOKEN_UNKNOWN/);
  for (const [name, token] of Object.entries(weir.tokens))
    assert.ok(!everything.includes(token.slice(5)), `the token of ${name} got out`);
});

test("a token that is made is let in by the entry that is printed with it", async () => {
  await using weir = await start();
  const args = ["--name", "dee", "--role", "shifter", "--service", "team-*", "--datacenter", "dc-a", "--days", "90"];
  const made = await weir.run({}, "-o", "json", "token", "create", ...args);
  const { token, entry } = JSON.parse(made.out) as { token: string; entry: object };
  const file = join(weir.folder, "tokens.yaml");
  await writeFile(file, `${await readFile(file, "utf8")}  - ${JSON.stringify(entry)}\n`);
  const who = await weir.run({ WEIR_TOKEN: token }, "whoami");
  assert.equal(who.out.split("\n")[1]?.replace(/ +/g, " "), "dee shifter team-* dc-a token", who.err);
  const plain = await weir.run({}, "token", "create", "--name", "dee", "--role", "viewer");
  assert.match(
    plain.out,
    /^weir_[\w-]{43}\n\n[^\n]*\ntokens:\n {2}- name: dee\n {4}role: viewer\n {4}sha256: [0-9a-f]{64}\n$/,
  );
  assert.match((await weir.run({}, "token", "create", "--name", "x", "--role", "shifter")).err, /needs --service/);
});
