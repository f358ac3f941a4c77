import assert from "node:assert/strict";
import { test } from "node:test";
import { service, startTestApi } from "./testing-api.ts";

test("a service's resources are named for each kind of client", async () => {
  await using api = await startTestApi();
  await api.put("/v1/services/report", service);
  await api.until(async () => (await api.get("/v1/services/report/resources")).status === 200);
  const { body } = await api.get("/v1/services/report/resources");
  assert.deepEqual([body["clusters"], body["endpoints"]], [["report"], ["report"]]);
  assert.deepEqual((body["clients"] as { grpc: { listeners: unknown } }).grpc.listeners, ["report"]);
});
