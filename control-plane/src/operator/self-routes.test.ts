import assert from "node:assert/strict";
import { test } from "node:test";
import { service, startTestApi } from "./testing-api.ts";

test("probes, metrics, version, sources and schemas answer", async () => {
  await using api = await startTestApi();
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
  await using api = await startTestApi();
  const { body } = await api.get("/openapi.json");
  assert.equal(body["openapi"], "3.1.0");
  const paths = body["paths"] as Record<string, Record<string, { security?: unknown }>>;
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
  assert.deepEqual(Object.keys(schemas).sort(), [
    "Drain",
    "Error",
    "Patch",
    "Route",
    "Service",
    "TrafficPolicy",
    "TrafficSplit",
  ]);
  const text = JSON.stringify(body);
  const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name ?? "");
  assert.ok(references.length > 6);
  assert.deepEqual(
    references.filter((name) => !Object.hasOwn(schemas, name)),
    [],
  );
  assert.deepEqual(
    ["/healthz", "/v1/trafficSplits", "/v1/services/{name}"].map((path) => paths[path]?.["get"]?.security),
    [[], [{ token: ["viewer"] }], [{ token: ["viewer"] }]],
  );
  assert.deepEqual(paths["/v1/services/{name}"]?.["put"]?.security, [{ token: ["admin"] }]);
  // As documents are written: what has a default need not be there.
  const { spec } = schemas["TrafficSplit"]?.properties ?? {};
  assert.deepEqual(spec?.required, ["service"]);
});
