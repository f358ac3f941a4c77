import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsOf, service, split, startTestApi, violationsOf } from "./testing-api.ts";

test("many documents are applied as one revision, or none", async () => {
  await using api = await startTestApi();
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

test("documents go by name or with their kind in the change that puts others, or all stays as it is", async () => {
  await using api = await startTestApi();
  const others = ["a", "b"].map((name) => ({ ...service, metadata: { name } }));
  await api.post("/v1/config:apply", { documents: [split, service, ...others] });
  const removing = { delete: [{ kind: "TrafficSplit", name: "report" }], pruneKinds: ["Service"] };

  const wrong = { ...service, spec: { ...service.spec, protocol: "smtp" } };
  assert.equal((await api.post("/v1/config:apply", { documents: [wrong], ...removing })).status, 400);
  const strange = { documents: [service], delete: [{ kind: "Pod", name: "a" }], pruneKinds: ["Node"] };
  const fields = fieldsOf(await api.post("/v1/config:apply", strange));
  assert.deepEqual(
    fields.map((field) => field.split(":")[0]),
    ["delete.0.kind", "pruneKinds.0"],
  );
  const done = await api.post("/v1/config:apply", { documents: [service], ...removing });
  assert.equal(done.body["revision"], 2);
  assert.deepEqual(
    (done.body["changes"] as { name: string; kind: string; action: string }[]).map(
      ({ action, kind, name }) => `${action} ${kind}/${name}`,
    ),
    ["unchanged Service/report", "delete TrafficSplit/report", "delete Service/a", "delete Service/b"],
  );
});

test("documents may come as YAML; problems have their lines", async () => {
  await using api = await startTestApi();
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
