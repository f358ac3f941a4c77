import assert from "node:assert/strict";
import { test } from "node:test";
import { createOperatorApp, type OperatorApp } from "./operator-app.ts";
import type { OperatorNote } from "./parts.ts";
import { startTestParts, type TestParts } from "./testing.ts";

const service = {
  apiVersion: "weir/v1alpha1",
  kind: "Service",
  metadata: { name: "report" },
  spec: { protocol: "GRPC", endpoints: [{ registry: {} }] },
};
const split = {
  apiVersion: "weir/v1alpha1",
  kind: "TrafficSplit",
  metadata: { name: "report" },
  spec: { service: "report", rules: [{ from: "*", to: { "dc-a": 70, "dc-b": 30 }, failover: ["dc-c"] }] },
};

test("a document is created, read, replaced and deleted, and the journal says by whom and why", async () => {
  await using api = await start();
  const created = await api.put("/v1/services/report", service, { "x-weir-actor": "ana", "x-weir-reason": "CHG-1" });
  assert.equal(created.status, 201);
  assert.deepEqual(created.body, service);
  assert.match(String(created.headers["etag"]), /^"r1-[0-9a-f]{8}"$/);

  const read = await api.get("/v1/services/report");
  assert.deepEqual([read.status, read.body, read.headers["etag"]], [200, service, created.headers["etag"]]);
  const etag = String(created.headers["etag"]);
  assert.equal((await api.get("/v1/services/report", { "if-none-match": etag })).status, 304);

  const http = { ...service, spec: { ...service.spec, protocol: "HTTP2" } };
  const replaced = await api.put("/v1/services/report?reason=CHG-2%20%E2%86%92%20http", http);
  assert.deepEqual([replaced.status, replaced.body, replaced.headers["x-weir-revision"]], [200, http, "2"]);

  const listed = await api.get("/v1/services");
  assert.deepEqual([listed.body["revision"], listed.body["services"]], [2, [http]]);

  const deleted = await api.delete("/v1/services/report");
  assert.deepEqual([deleted.status, deleted.body], [200, { revision: 3, deleted: "services/report" }]);
  assert.equal((await api.get("/v1/services/report")).status, 404);

  const { revisions } = (await api.get("/v1/revisions")).body as { revisions: Readonly<Record<string, unknown>>[] };
  assert.deepEqual(
    revisions.map(({ revision, by, reason, through }) => [revision, by, reason, through]),
    [
      [3, "anonymous", "", "api"],
      [2, "anonymous", "CHG-2 → http", "api"],
      [1, "ana", "CHG-1", "api"],
    ],
  );
  assert.deepEqual(revisions[0]?.["changes"], [{ kind: "Service", name: "report", action: "delete" }]);
});

test("a change of what somebody else changed is refused with what holds now", async () => {
  await using api = await start();
  const first = await api.put("/v1/services/report", service);
  await api.put(
    "/v1/services/report",
    { ...service, spec: { ...service.spec, protocol: "HTTP2" } },
    { "x-weir-actor": "ana" },
  );
  const refused = await api.put("/v1/services/report", service, { "if-match": String(first.headers["etag"]) });
  assert.equal(refused.status, 412);
  const { error } = refused.body as { error: { message: string; status: string; details: unknown[] } };
  assert.equal(error.status, "ABORTED");
  assert.match(error.message, /^services\/report changed since you read it \(you: r1, now: r2 by ana \ds ago\)/);
  const now = (await api.get("/v1/services/report")).headers["etag"];
  assert.deepEqual(error.details, [
    {
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      reason: "ETAG_MISMATCH",
      domain: "weir",
      metadata: { resource: "services/report", current: String(now).replaceAll('"', "") },
    },
  ]);
  assert.equal((await api.put("/v1/services/report", service, { "if-match": String(now) })).status, 200);
});

test("If-None-Match: * creates and never replaces; If-Match: * replaces and never creates", async () => {
  await using api = await start();
  assert.equal((await api.put("/v1/services/report", service, { "if-match": "*" })).status, 412);
  assert.equal((await api.put("/v1/services/report", service, { "if-none-match": "*" })).status, 201);
  assert.equal((await api.put("/v1/services/report", service, { "if-none-match": "*" })).status, 412);
  assert.equal((await api.put("/v1/services/report", service, { "if-match": "*" })).status, 200);
  assert.equal((await api.delete("/v1/services/report", { "if-match": '"r9-00000000"' })).status, 412);
});

test("of 20 writers with the same ETag one wins", async () => {
  await using api = await start();
  const etag = String((await api.put("/v1/services/report", service)).headers["etag"]);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      api.put(
        "/v1/services/report",
        { ...service, metadata: { name: "report", labels: { n: String(index) } } },
        { "if-match": etag },
      ),
    ),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array<number>(19).fill(412)]);
  assert.equal((await api.get("/v1/revisions")).body["revision"], 2);
});

test("validateOnly answers as if, and changes nothing", async () => {
  await using api = await start();
  assert.equal((await api.put("/v1/services/report?validateOnly=true", service)).status, 201);
  assert.equal((await api.get("/v1/services/report")).status, 404);
  assert.equal((await api.put("/v1/services/report?validateonly=true", service)).status, 400);
  assert.equal((await api.get("/v1/revisions")).body["revision"], 0);
});

test("a document that is not what the URL says is refused", async () => {
  await using api = await start();
  assert.deepEqual(fieldsOf(await api.put("/v1/services/other", service)), [
    'metadata.name: is "report", but the URL says "other"',
  ]);
  assert.deepEqual(fieldsOf(await api.put("/v1/trafficSplits/report", service)), [
    'kind: is "Service", but this URL holds documents of kind TrafficSplit',
  ]);
  assert.equal((await api.put("/v1/services/report", [service])).status, 400);
});

test("everything wrong with a document is said at once", async () => {
  await using api = await start();
  await api.put("/v1/services/report", service);
  const broken = { ...split, spec: { service: "reprot", rules: [{ form: "*", to: { "dc-a": 70, "dc-b": 20 } }] } };
  const refused = await api.put("/v1/trafficSplits/report", broken);
  assert.equal(refused.status, 400);
  const fields = fieldsOf(refused).join("\n");
  assert.match(fields, /spec\.rules\[0\]\.form: is not a field; did you mean "from"/);
  assert.match(fields, /spec\.rules\[0\]\.to: the shares add up to 90, not 100/);
});

test("many documents are applied as one revision, or none", async () => {
  await using api = await start();
  const applied = await api.post("/v1/config:apply", { documents: [split, service] });
  assert.deepEqual([applied.status, applied.body["revision"]], [200, 1]);
  assert.deepEqual(
    (applied.body["changes"] as { name: string; kind: string; action: string }[]).map(({ kind, action }) => [
      kind,
      action,
    ]),
    [
      ["TrafficSplit", "create"],
      ["Service", "create"],
    ],
  );
  const http = { ...service, spec: { ...service.spec, protocol: "HTTP2" } };
  const refused = await api.post("/v1/config:apply", [http, { ...split, spec: { service: "report", rules: 3 } }]);
  assert.equal(refused.status, 400);
  assert.match(fieldsOf(refused).join(), /^documents\[1\]\.spec\.rules: /);
  assert.deepEqual((await api.get("/v1/services/report")).body, service);
  const again = await api.post("/v1/config:apply", [http, split]);
  assert.deepEqual(
    (again.body["changes"] as { action: string }[]).map(({ action }) => action),
    ["update", "unchanged"],
  );
});

test("documents may come as YAML; problems have their lines", async () => {
  await using api = await start();
  const text =
    "apiVersion: weir/v1alpha1\nkind: Service\nmetadata: {name: report}\nspec:\n  protocol: GRPC\n  endpoints: [{registry: {}}]\n";
  const yaml = { "content-type": "application/yaml" };
  assert.equal((await api.send("POST", "/v1/config:apply?validateOnly=true", text, yaml)).status, 200);
  const refused = await api.send("POST", "/v1/config:apply", `${text}---\n${text.replace("GRPC", "GRPX")}`, yaml);
  assert.equal(refused.status, 400);
  assert.deepEqual(
    violationsOf(refused).map(({ field, line }) => [field, line]),
    [["spec.protocol", 12]],
  );
  assert.equal((await api.send("PUT", "/v1/services/report", text, yaml)).status, 415);
  assert.equal((await api.send("POST", "/v1/config:apply", "a: [", yaml)).status, 400);
  assert.equal((await api.send("POST", "/v1/config:apply", "[".repeat(100_000), yaml)).status, 400);
});

test("an instance registers, renews, is listed, drains and goes", async () => {
  await using api = await start();
  await api.put("/v1/services/report", service);
  const url = "/v1/registry/services/report/endpoints/report-1";
  const body = {
    address: "127.0.0.1:9001",
    locality: "dc-a/z1",
    weight: 50,
    metadata: { version: "v1" },
    leaseSeconds: 30,
  };
  assert.equal((await api.put(url, body)).status, 201);
  const renewed = await api.put(url, body);
  assert.equal(renewed.status, 200);
  const { address, locality, weight, metadata, health, expiresInSeconds } = renewed.body;
  assert.deepEqual(
    [address, locality, weight, metadata, health],
    ["127.0.0.1:9001", "dc-a/z1", 50, { version: "v1" }, "serving"],
  );
  assert.ok(Number(expiresInSeconds) > 29 && Number(expiresInSeconds) <= 30);
  assert.deepEqual((await api.get("/v1/registry/services")).body["services"], [{ service: "report", endpoints: 1 }]);

  await api.until(async () =>
    placesOf(await api.get("/v1/services/report/endpoints?from=dc-a/z1")).includes("dc-a/z1 127.0.0.1:9001 serving"),
  );
  const removed = await api.delete(`${url}?wait=2s`);
  assert.deepEqual(removed.body, { removed: "report/report-1", acked: 0, of: 0 });
  assert.equal((await api.delete(url)).status, 404);
});

test("a registration that is wrong says all that is wrong", async () => {
  await using api = await start();
  const refused = await api.put("/v1/registry/services/report/endpoints/one", {
    address: "localhost:9001",
    locality: "/",
    weight: 0,
    health: "failing",
    leaseSeconds: -1,
    metdata: {},
  });
  assert.equal(refused.status, 400);
  assert.deepEqual(
    violationsOf(refused)
      .map(({ field }) => field)
      .sort(),
    ["address", "health", "leaseSeconds", "locality", "metdata", "weight"],
  );
  assert.equal((await api.put("/v1/registry/services/a%20b/endpoints/one", { address: "127.0.0.1:1" })).status, 400);
  assert.deepEqual((await api.get("/v1/registry/services")).body["services"], []);
});

test("traffic is told rule by rule, with overrides and what stands there", async () => {
  await using api = await start();
  const expireTime = new Date(Date.now() + 3_600_000).toISOString();
  const overrides = [{ locality: "dc-a/z1", weight: 0, reason: "swap", by: "ana", expireTime }];
  await api.post("/v1/config:apply", [service, { ...split, spec: { ...split.spec, overrides } }]);
  await api.put("/v1/registry/services/report/endpoints/one", { address: "127.0.0.1:9001", locality: "dc-a/z1" });
  await api.until(async () => JSON.stringify((await api.get("/v1/traffic")).body).includes('"serving":1'));
  const { body } = await api.get("/v1/traffic?service=report");
  assert.deepEqual(body["rows"], [
    {
      service: "report",
      from: "*",
      to: "dc-a",
      use: "share",
      priority: 0,
      weightPercent: 70,
      endpoints: { serving: 1, total: 1 },
    },
    {
      service: "report",
      from: "*",
      to: "dc-b",
      use: "share",
      priority: 0,
      weightPercent: 30,
      endpoints: { serving: 0, total: 0 },
    },
    { service: "report", from: "*", to: "dc-c", use: "standby", priority: 1, endpoints: { serving: 0, total: 0 } },
  ]);
  const [override] = body["overrides"] as { locality: string; expiresInSeconds: number }[];
  assert.equal(override?.locality, "dc-a/z1");
  assert.ok(Number(override?.expiresInSeconds) > 3_590);
  const missing = await api.get("/v1/traffic?service=reprot");
  assert.equal(missing.status, 404);
  assert.match(JSON.stringify(missing.body), /did you mean \\"report\\"/);
});

test("a service's resources are named for each kind of client", async () => {
  await using api = await start();
  await api.put("/v1/services/report", service);
  await api.until(async () => (await api.get("/v1/services/report/resources")).status === 200);
  const { body } = await api.get("/v1/services/report/resources");
  assert.deepEqual([body["clusters"], body["endpoints"]], [["report"], ["report"]]);
  assert.deepEqual((body["clients"] as { grpc: { listeners: unknown } }).grpc.listeners, ["report"]);
});

test("the status table tells every client's state per type, with ages", async () => {
  await using api = await start();
  const since = new Date(Date.now() - 3 * 3_600_000);
  const locality = { region: "dc-a", zone: "z1", subZone: "" };
  const synced = { status: "SYNCED" as const, since, acked: "v1" };
  const types = {
    cluster: { status: "ERROR" as const, since, reason: "max_ejection_percent out of range", rejected: ["report"] },
    endpoints: synced,
    listener: synced,
    routes: synced,
  };
  api.clients.add({
    identity: { nodeId: "edge-1", cluster: "edge", agent: "envoy 1.40.0", viewer: { flavour: "grpc", locality } },
    protocol: "delta",
    peer: "127.0.0.1:4000",
    connectedAt: since,
    status: () => types,
    settled: () => false,
  });
  const { body } = await api.get("/v1/clients/edge-1");
  const told = body["types"] as Record<string, { status: string; ageSeconds: number; reason?: string }>;
  assert.deepEqual(Object.keys(told), ["CDS", "EDS", "LDS", "RDS"]);
  assert.deepEqual([told["CDS"]?.status, told["CDS"]?.reason], ["ERROR", "max_ejection_percent out of range"]);
  assert.ok(Number(told["EDS"]?.ageSeconds) >= 10_800);
  assert.equal((body as { locality: string }).locality, "dc-a/z1");
  assert.equal((await api.get("/v1/clients/edge-2")).status, 404);
  const waited = await api.get("/v1/clients:settled?within=10ms");
  assert.deepEqual([waited.body["acked"], waited.body["of"]], [0, 1]);
});

test("probes, metrics, version, sources and schemas answer", async () => {
  await using api = await start();
  assert.deepEqual((await api.get("/healthz")).body, { status: "SERVING" });
  await api.until(async () => (await api.get("/readyz")).status === 200);
  assert.equal((await api.get("/metrics")).text, "config_revision 1\n");
  assert.equal((await api.get("/version")).body["version"], "0.0.0-test");
  await api.put("/v1/services/report", service);
  await api.until(async () => JSON.stringify((await api.get("/v1/sources")).body).includes('"state":"current"'));
  const schema = (await api.get("/schema/v1alpha1.json")).body;
  assert.ok((schema["definitions"] as Record<string, unknown>)["TrafficSplit"]);
});

test("the OpenAPI document has every route and the documents' own schemas", async () => {
  await using api = await start();
  const { body } = await api.get("/openapi.json");
  assert.equal(body["openapi"], "3.1.0");
  const paths = body["paths"] as Record<string, Record<string, unknown>>;
  for (const path of [
    "/v1/trafficSplits/{name}",
    "/v1/config:apply",
    "/v1/registry/services/{service}/endpoints/{id}",
    "/v1/clients:settled",
  ])
    assert.ok(paths[path], path);
  const { schemas } = body["components"] as {
    schemas: Record<string, { properties?: { spec?: { required?: string[] } } }>;
  };
  assert.deepEqual(Object.keys(schemas).sort(), ["Service", "TrafficPolicy", "TrafficSplit"]);
  const text = JSON.stringify(body);
  const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name ?? "");
  assert.ok(references.length > 6);
  assert.deepEqual(
    references.filter((name) => !Object.hasOwn(schemas, name)),
    [],
  );
  // As documents are written: what has a default need not be there.
  const { spec } = schemas["TrafficSplit"]?.properties ?? {};
  assert.deepEqual(spec?.required, ["service"]);
});

test("unknown paths and methods say what was probably meant", async () => {
  await using api = await start();
  const missing = await api.get("/v1/trafficSplit");
  assert.equal(missing.status, 404);
  assert.match(JSON.stringify(missing.body), /did you mean \\"\/v1\/trafficSplits\\"/);
  const method = await api.post("/v1/services/report", service);
  assert.deepEqual([method.status, method.headers["allow"]], [405, "DELETE, GET, HEAD, PUT"]);
  assert.equal((await api.get("/v1/services/")).status, 404);
});

const json = { "content-type": "application/json" };
const hostile: readonly (readonly [
  method: "PUT" | "POST" | "DELETE",
  url: string,
  body: string | undefined,
  headers: Record<string, string>,
  status: number,
])[] = [
  ["PUT", "/v1/services/report", "{", json, 400],
  ["PUT", "/v1/services/report", "", json, 400],
  ["PUT", "/v1/services/report", undefined, {}, 400],
  ["PUT", "/v1/services/report", "null", json, 400],
  ["PUT", "/v1/services/report", '"text"', json, 400],
  ["PUT", "/v1/services/report", '{"kind":"Service","kind":"TrafficSplit"}', json, 400],
  ["PUT", "/v1/services/report", '{"__proto__":{"kind":"Service"}}', json, 400],
  ["PUT", "/v1/services/report", '{"constructor":{"prototype":{"x":1}}}', json, 400],
  ["PUT", "/v1/services/report", `{"spec":${'{"a":'.repeat(1000)}1${"}".repeat(1000)}}`, json, 400],
  ["PUT", "/v1/services/report", '{"spec":NaN}', json, 400],
  ["PUT", "/v1/services/report", '{"spec":1e999}', json, 400],
  ["PUT", "/v1/services/report", '{"spec":"\\ud800"}', json, 400],
  ["PUT", "/v1/services/report", JSON.stringify(service), { "content-type": "text/plain" }, 415],
  ["PUT", "/v1/services/report", JSON.stringify(service), { "content-type": "application/x-www-form-urlencoded" }, 415],
  ["PUT", "/v1/services/report", JSON.stringify(service), { "content-type": "multipart/form-data; boundary=x" }, 415],
  ["PUT", "/v1/services/report", JSON.stringify(service), { "content-type": "nonsense" }, 415],
  ["PUT", "/v1/services/report", " ".repeat(4 * 1024 * 1024 + 1), json, 413],
  ["PUT", "/v1/registry/services/report/endpoints/a", " ".repeat(64 * 1024 + 1), json, 413],
  ["PUT", "/v1/services/__proto__", JSON.stringify({ ...service, metadata: { name: "__proto__" } }), json, 400],
  ["PUT", "/v1/services/..%2f..%2fetc", JSON.stringify({ ...service, metadata: { name: "../../etc" } }), json, 400],
  [
    "PUT",
    `/v1/services/${"a".repeat(500)}`,
    JSON.stringify({ ...service, metadata: { name: "a".repeat(500) } }),
    json,
    400,
  ],
  ["PUT", "/v1/services/%zz", JSON.stringify(service), json, 400],
  ["PUT", "/v1/services/report?validateOnly=yes", JSON.stringify(service), json, 400],
  ["PUT", "/v1/services/report?validateOnly=true&validateOnly=false", JSON.stringify(service), json, 400],
  ["PUT", "/v1/services/report?__proto__=1", JSON.stringify(service), json, 400],
  ["PUT", "/v1/services/report", JSON.stringify(service), { ...json, "if-match": "{}" }, 400],
  ["PUT", "/v1/services/report", JSON.stringify(service), { ...json, "x-weir-actor": "a".repeat(300) }, 400],
  ["PUT", "/v1/services/report", JSON.stringify(service), { ...json, host: "evil.example" }, 403],
  ["PUT", "/v1/services/report", JSON.stringify(service), { ...json, origin: "http://evil.example" }, 403],
  ["POST", "/v1/config:apply", "[]", json, 400],
  ["POST", "/v1/config:apply", "[null, 3]", json, 400],
  ["POST", "/v1/config:apply", JSON.stringify([service, service]), json, 400],
  ["POST", "/v1/config:apply", "&a [*a, *a]", { "content-type": "application/yaml" }, 400],
  ["POST", "/v1/config:apply", "a: 1\na: 2", { "content-type": "application/yaml" }, 400],
  ["POST", "/v1/config:apply", "__proto__: {kind: Service}", { "content-type": "application/yaml" }, 400],
  ["DELETE", "/v1/services/report", undefined, {}, 404],
  ["DELETE", "/v1/registry/services/report/endpoints/a?wait=1year", undefined, {}, 400],
];

test("whatever arrives is answered by a reason, never by a 500, and changes nothing", async () => {
  await using api = await start();
  for (const [method, url, body, headers, status] of hostile) {
    const answer = await api.send(method, url, body, headers);
    const what = `${method} ${url.slice(0, 80)} ${(body ?? "").slice(0, 60)} ${JSON.stringify(headers)}`;
    assert.equal(answer.status, status, `${what} => ${answer.text.slice(0, 300)}`);
    const { error } = answer.body as { error?: { code?: number; message?: string } };
    assert.equal(error?.code, status, what);
    assert.ok(error?.message, what);
  }
  assert.equal((await api.get("/v1/revisions")).body["revision"], 0);
  assert.deepEqual((await api.get("/v1/registry/services")).body["services"], []);
  assert.deepEqual(
    api.notes.filter(({ kind }) => kind === "operator-failed"),
    [],
  );
  assert.equal(({} as { kind?: unknown }).kind, undefined);
});

test("a body that is not UTF-8 is refused", async () => {
  await using api = await start();
  const answer = await api.app.inject({
    method: "PUT",
    url: "/v1/services/report",
    headers: { ...json, host: "localhost" },
    payload: Buffer.from([0x22, 0xff, 0x22]),
  });
  assert.equal(answer.statusCode, 400);
});

test("a bug is answered with 500 and reported with its cause, not told to the caller", async () => {
  await using api = await start({ metrics: () => Promise.reject(new Error("secret detail")) });
  const answer = await api.get("/metrics");
  assert.equal(answer.status, 500);
  assert.doesNotMatch(answer.text, /secret/);
  assert.deepEqual(
    api.notes.flatMap((note) => (note.kind === "operator-failed" ? [note.cause.message] : [])),
    ["secret detail"],
  );
});

test("each answer is counted by its route's pattern", async () => {
  await using api = await start();
  await api.get("/v1/services/one");
  await api.get("/nothing");
  assert.deepEqual(
    api.notes.flatMap((note) =>
      note.kind === "operator-answered" ? [`${note.method} ${note.route} ${note.code}`] : [],
    ),
    ["GET /v1/services/:name 404", "GET none 404"],
  );
});

type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
};

type TestApi = AsyncDisposable &
  Pick<TestParts, "clients"> & {
    readonly app: OperatorApp;
    readonly notes: readonly OperatorNote[];
    send(
      method: "GET" | "PUT" | "POST" | "DELETE",
      url: string,
      body: string | undefined,
      headers?: Record<string, string>,
    ): Promise<Answer>;
    get(url: string, headers?: Record<string, string>): Promise<Answer>;
    put(url: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
    post(url: string, body: unknown): Promise<Answer>;
    delete(url: string, headers?: Record<string, string>): Promise<Answer>;
    until(condition: () => Promise<boolean>): Promise<void>;
  };

async function start(instead: Partial<TestParts["parts"]> = {}): Promise<TestApi> {
  const { parts, clients, ...rest } = await startTestParts();
  const notes: OperatorNote[] = [];
  const app = await createOperatorApp({
    parts: { ...parts, ...instead },
    hosts: [],
    observe: (note) => notes.push(note),
    closing: new AbortController().signal,
  });
  const send: TestApi["send"] = async (method, url, body, headers = {}) => {
    const payload = body === undefined ? {} : { payload: body };
    const answer = await app.inject({ method, url, headers: { host: "127.0.0.1:18080", ...headers }, ...payload });
    return { status: answer.statusCode, headers: answer.headers, text: answer.body, body: jsonOf(answer.body) };
  };
  return {
    app,
    clients,
    notes,
    send,
    get: (url, headers) => send("GET", url, undefined, headers),
    put: (url, body, headers) => send("PUT", url, JSON.stringify(body), { ...json, ...headers }),
    post: (url, body) => send("POST", url, JSON.stringify(body), json),
    delete: (url, headers) => send("DELETE", url, undefined, headers),
    async until(condition) {
      const stop = AbortSignal.timeout(5_000);
      while (!(await condition())) {
        stop.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      await rest[Symbol.asyncDispose]();
    },
  };
}

function jsonOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

type Violation = { readonly field: string; readonly description: string; readonly line?: number };

function violationsOf({ body }: Answer): readonly Violation[] {
  const { error } = body as { error?: { details?: readonly { fieldViolations?: readonly Violation[] }[] } };
  return (error?.details ?? []).flatMap(({ fieldViolations = [] }) => fieldViolations);
}

function fieldsOf(answer: Answer): readonly string[] {
  return violationsOf(answer).map(({ field, description }) => `${field}: ${description}`);
}

function placesOf({ body }: Answer): readonly string[] {
  const { placements = [] } = body as {
    placements?: readonly { locality: string; endpoints: readonly { address: string; health: string }[] }[];
  };
  return placements.flatMap(({ locality, endpoints }) =>
    endpoints.map(({ address, health }) => `${locality} ${address} ${health}`),
  );
}
