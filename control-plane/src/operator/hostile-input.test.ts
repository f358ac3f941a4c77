import assert from "node:assert/strict";
import { test } from "node:test";
import { json, service, startTestApi } from "./testing-api.ts";

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
  await using api = await startTestApi();
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
  await using api = await startTestApi();
  const answer = await api.app.inject({
    method: "PUT",
    url: "/v1/services/report",
    headers: { ...json, host: "localhost" },
    payload: Buffer.from([0x22, 0xff, 0x22]),
  });
  assert.equal(answer.statusCode, 400);
});
