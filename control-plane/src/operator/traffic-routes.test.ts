import assert from "node:assert/strict";
import { test } from "node:test";
import { service, split, startTestApi } from "./testing-api.ts";

test("traffic is told rule by rule, with overrides and what stands there", async () => {
  await using api = await startTestApi();
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
