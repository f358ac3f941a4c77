import assert from "node:assert/strict";
import { test } from "node:test";
import { unknownLocality } from "../model/locality.ts";
import { connectedClient } from "../serve/testing.ts";
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

test("what clients report stands beside what is configured", async () => {
  await using api = await startTestApi();
  await api.post("/v1/config:apply", [service, split]);
  await api.until(async () => JSON.stringify((await api.get("/v1/traffic")).body).includes('"dc-b"'));
  api.clients.add(connectedClient({ identity: { nodeId: "silent" } }));
  api.clients.add(connectedClient({ identity: { nodeId: "edge-1" } }));
  using edge = api.loads.reporter({ nodeId: "edge-1", from: { ...unknownLocality, region: "dc-a" } });
  const to = (region: string, issued: number, error: number) => {
    const reported = { issued, ok: issued - error, error, inProgress: 1 };
    const endpoints = [{ address: `10.0.0.1:${issued}`, reported }];
    const row = { cluster: "report", intervalMs: 1, priority: 0, reported, endpoints };
    return { ...row, to: { ...unknownLocality, region } };
  };
  edge.report({
    rows: [to("dc-a", 68, 0), to("dc-b", 30, 3), to("dc-d", 2, 0)],
    drops: [{ cluster: "report", intervalMs: 1, dropped: 5 }],
  });
  const observedShare = async () => {
    const { body } = await api.get("/v1/traffic?service=report");
    return body as {
      rows: { to: string; use: string; observed?: { percent?: number; rps: number; errorPercent?: number } }[];
      endpoints: { address: string; rps: number; inProgress: number }[];
      dropped: unknown;
      reports: { clients: number; of: number; windowSeconds: number };
    };
  };
  // The window ends two seconds ago, when everybody has reported.
  await api.until(async () => (await observedShare()).rows[0]?.observed?.percent !== undefined);
  const { rows, endpoints, dropped, reports } = await observedShare();
  assert.deepEqual(
    rows.map(({ to, use, observed }) => [to, use, observed?.percent, observed?.rps, observed?.errorPercent]),
    [
      ["dc-a", "share", 68, 6.8, 0],
      ["dc-b", "share", 30, 3, 10],
      ["dc-c", "standby", 0, 0, undefined],
      ["dc-d", "unplanned", 2, 0.2, 0],
    ],
  );
  assert.deepEqual(
    endpoints.map(({ address, rps, inProgress }) => [address, rps, inProgress]),
    [
      ["10.0.0.1:68", 6.8, 1],
      ["10.0.0.1:30", 3, 1],
      ["10.0.0.1:2", 0.2, 1],
    ],
  );
  assert.deepEqual(dropped, [{ service: "report", from: "dc-a", requests: 5 }]);
  assert.deepEqual([reports.clients, reports.of, reports.windowSeconds], [1, 2, 10]);
});
