import assert from "node:assert/strict";
import { test } from "node:test";
import { connectedClient } from "../serve/testing.ts";
import { startTestApi } from "./testing-api.ts";

test("the status table tells every client's state per type, with ages", async () => {
  await using api = await startTestApi();
  const since = new Date(Date.now() - 3 * 3_600_000);
  const synced = { status: "SYNCED" as const, since, acked: "v1" };
  const types = {
    cluster: { status: "ERROR" as const, since, reason: "max_ejection_percent out of range", rejected: ["report"] },
    endpoints: synced,
    listener: synced,
    routes: synced,
  };
  api.clients.add(connectedClient({ identity: { nodeId: "edge-1" }, connectedAt: since, status: () => types }));
  const { body } = await api.get("/v1/clients/edge-1");
  const told = body["types"] as Record<string, { status: string; ageSeconds: number; reason?: string }>;
  assert.deepEqual(Object.keys(told), ["CDS", "EDS", "LDS", "RDS"]);
  assert.deepEqual([told["CDS"]?.status, told["CDS"]?.reason], ["ERROR", "max_ejection_percent out of range"]);
  assert.ok(Number(told["EDS"]?.ageSeconds) >= 10_800);
  assert.equal((body as { locality: string }).locality, "dc-a/z1");
  assert.deepEqual(body["software"], { kind: "grpc-node", version: "1.14.7" });
  assert.equal((await api.get("/v1/clients/edge-2")).status, 404);
  const waited = await api.get("/v1/clients:settled?within=10ms");
  assert.deepEqual([waited.body["acked"], waited.body["of"]], [0, 1]);
});
