import assert from "node:assert/strict";
import { test } from "node:test";
import { placesOf, service, startTestApi, violationsOf } from "./testing-api.ts";

test("an instance registers, renews, is listed, drains and goes", async () => {
  await using api = await startTestApi();
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
  const drained = await api.send("POST", `${url}:drain?wait=2s`, undefined);
  assert.deepEqual(drained.body, { drained: "report/report-1", acked: 0, of: 0, safeToStop: true });
  assert.equal(
    ((await api.get("/v1/registry/services/report/endpoints")).body["endpoints"] as [{ health: string }])[0].health,
    "draining",
  );
  assert.equal((await api.send("POST", `${url}x:drain`, undefined)).status, 404);
  const removed = await api.delete(`${url}?wait=2s`);
  assert.deepEqual(removed.body, { removed: "report/report-1", acked: 0, of: 0 });
  assert.equal((await api.delete(url)).status, 404);
});

test("a registration that is wrong says all that is wrong", async () => {
  await using api = await startTestApi();
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
