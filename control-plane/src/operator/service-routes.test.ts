import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsOf, placesOf, service, startTestApi } from "./testing-api.ts";

test("a service's resources are named for each kind of client", async () => {
  await using api = await startTestApi();
  await api.put("/v1/services/report", service);
  await api.until(async () => (await api.get("/v1/services/report/resources")).status === 200);
  const { body } = await api.get("/v1/services/report/resources");
  assert.deepEqual([body["clusters"], body["endpoints"]], [["report"], ["report"]]);
  assert.deepEqual((body["clients"] as { grpc: { listeners: unknown } }).grpc.listeners, ["report"]);
});

test("the endpoints of a subset are those that its cluster has, and its resources are named with it", async () => {
  await using api = await startTestApi();
  const at = (address: string, version: string) => ({ address, locality: "dc-a/z1", metadata: { version } });
  const endpoints = [{ static: [at("127.0.0.1:9001", "v1"), at("127.0.0.1:9002", "v2")] }];
  const subsets = { v1: { match: { version: "v1" } }, v3: { match: { version: "v3" }, whenEmpty: "UseAll" } };
  await api.put("/v1/services/report", { ...service, spec: { endpoints, subsets } });
  await api.put("/v1/routes/canary", {
    ...{ apiVersion: "weir/v1alpha1", kind: "Route", metadata: { name: "canary" } },
    spec: { hosts: ["report"], rules: [{ backendRefs: [{ service: "report", subset: "v1" }] }] },
  });
  await api.until(async () => (await api.get("/v1/services/report/resources")).status === 200);
  const places = async (query: string) => placesOf(await api.get(`/v1/services/report/endpoints${query}`));
  const [first, second] = ["dc-a/z1 127.0.0.1:9001 serving", "dc-a/z1 127.0.0.1:9002 serving"];
  assert.deepEqual(await places(""), [first, second]);
  assert.deepEqual(await places("?subset=v1"), [first]);
  assert.deepEqual(await places("?subset=v3"), [first, second], "nobody is in it");
  assert.deepEqual(fieldsOf(await api.get("/v1/services/report/endpoints?subset=v2")), [
    'subset: Service "report" has no subset "v2"; did you mean "v1"?',
  ]);

  const { body } = await api.get("/v1/services/report/resources");
  assert.deepEqual(body["clusters"], ["report", "report|v1", "report|v3"]);
  assert.deepEqual(body["endpoints"], body["clusters"]);
  assert.deepEqual((body["clients"] as { grpc: { routes: unknown } }).grpc.routes, ["report/canary"]);
});
