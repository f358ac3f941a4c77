import assert from "node:assert/strict";
import { test } from "node:test";
import { json, service, split, startTestApi } from "./testing-api.ts";

test("the same request with the same key is answered as the first time and changes nothing, also when both come at once", async () => {
  await using api = await startTestApi();
  await api.put("/v1/services/report", service);
  const put = () => api.put("/v1/trafficSplits/report", split, { "idempotency-key": "k-1", "if-none-match": "*" });
  const [first, second] = await Promise.all([put(), put()]);
  const third = await put();
  for (const each of [first, second, third]) {
    assert.equal(each?.status, 201, each?.text);
    assert.equal(each?.text, first?.text);
    assert.equal(each?.headers["etag"], first?.headers["etag"]);
  }
  assert.equal(third.headers["idempotency-replayed"], "true");
  assert.equal((await api.get("/v1/revisions")).body["revision"], 2);
  // Without the key it is another attempt to create what there is.
  assert.equal((await api.put("/v1/trafficSplits/report", split, { "if-none-match": "*" })).status, 412);
});

test("another request with a key that was used is refused and changes nothing", async () => {
  await using api = await startTestApi();
  const key = { "idempotency-key": "k-2" };
  await api.put("/v1/services/report", service, key);
  const other = { ...service, spec: { ...service.spec, protocol: "HTTP1" } };
  const refused = await api.put("/v1/services/report", other, key);
  assert.equal(refused.status, 422);
  assert.match(refused.text, /IDEMPOTENCY_KEY_REUSED/);
  assert.equal((await api.delete("/v1/services/report", key)).status, 422);
  assert.equal((await api.get("/v1/revisions")).body["revision"], 1);
});

test("what failed is done anew, and a key that is none is refused", async () => {
  await using api = await startTestApi();
  const key = { "idempotency-key": "k-3" };
  assert.equal((await api.put("/v1/trafficSplits/report", split, key)).status, 400, "there is no such service yet");
  await api.put("/v1/services/report", service);
  assert.equal((await api.put("/v1/trafficSplits/report", split, key)).status, 201);
  assert.equal((await api.put("/v1/services/report", service, { "idempotency-key": "two words" })).status, 400);
  const yaml = { "content-type": "application/yaml", "idempotency-key": "k-4" };
  const apply = (text: string) => api.send("POST", "/v1/config:apply", text, yaml);
  assert.equal((await apply(JSON.stringify(service))).status, 200);
  assert.equal((await apply(JSON.stringify(service))).headers["idempotency-replayed"], "true");
  assert.equal((await apply(JSON.stringify(split))).status, 422);
  const asJson = await api.send("POST", "/v1/config:apply", JSON.stringify(split), {
    ...json,
    "idempotency-key": "k-5",
  });
  assert.equal(asJson.status, 200);
});
