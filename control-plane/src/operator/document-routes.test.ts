import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsOf, service, split, startTestApi } from "./testing-api.ts";

test("a document is created, read, replaced and deleted, and the journal says by whom and why", async () => {
  await using api = await startTestApi();
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
  await using api = await startTestApi();
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
  await using api = await startTestApi();
  assert.equal((await api.put("/v1/services/report", service, { "if-match": "*" })).status, 412);
  assert.equal((await api.put("/v1/services/report", service, { "if-none-match": "*" })).status, 201);
  assert.equal((await api.put("/v1/services/report", service, { "if-none-match": "*" })).status, 412);
  assert.equal((await api.put("/v1/services/report", service, { "if-match": "*" })).status, 200);
  assert.equal((await api.delete("/v1/services/report", { "if-match": '"r9-00000000"' })).status, 412);
});

test("of 20 writers with the same ETag one wins", async () => {
  await using api = await startTestApi();
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
  await using api = await startTestApi();
  assert.equal((await api.put("/v1/services/report?validateOnly=true", service)).status, 201);
  assert.equal((await api.get("/v1/services/report")).status, 404);
  assert.equal((await api.put("/v1/services/report?validateonly=true", service)).status, 400);
  assert.equal((await api.get("/v1/revisions")).body["revision"], 0);
});

test("a document that is not what the URL says is refused", async () => {
  await using api = await startTestApi();
  assert.deepEqual(fieldsOf(await api.put("/v1/services/other", service)), [
    'metadata.name: is "report", but the URL says "other"',
  ]);
  assert.deepEqual(fieldsOf(await api.put("/v1/trafficSplits/report", service)), [
    'kind: is "Service", but this URL holds documents of kind TrafficSplit',
  ]);
  assert.equal((await api.put("/v1/services/report", [service])).status, 400);
});

test("everything wrong with a document is said at once", async () => {
  await using api = await startTestApi();
  await api.put("/v1/services/report", service);
  const broken = { ...split, spec: { service: "reprot", rules: [{ form: "*", to: { "dc-a": 70, "dc-b": 20 } }] } };
  const refused = await api.put("/v1/trafficSplits/report", broken);
  assert.equal(refused.status, 400);
  const fields = fieldsOf(refused).join("\n");
  assert.match(fields, /spec\.rules\[0\]\.form: is not a field; did you mean "from"/);
  assert.match(fields, /spec\.rules\[0\]\.to: the shares add up to 90, not 100/);
});
