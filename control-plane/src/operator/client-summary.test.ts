import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientView, TypeStatus } from "../serve/clients.ts";
import { clientSummary } from "./client-summary.ts";

test("clients are counted by place and kind, and by state for each type", () => {
  const { clients, synced, groups } = clientSummary([
    client("edge-1", "envoy", "dc-a/z1"),
    client("edge-2", "envoy", "dc-a/z1", { endpoints: { status: "STALE", since: at(5) } }),
    client("billing", "grpc", "dc-b"),
  ]);
  assert.deepEqual({ clients, synced }, { clients: 3, synced: 2 });
  assert.deepEqual(
    groups.map(({ kind, locality, clients, types }) => `${clients} ${kind} ${locality} ${JSON.stringify(types.EDS)}`),
    ['2 envoy dc-a/z1 {"SYNCED":1,"STALE":1}', '1 grpc dc-b {"SYNCED":1}'],
  );
});

test("those that reject are named before those that are waited for, the longest first, and the rest is counted", () => {
  const waiting = Array.from({ length: 60 }, (_, index) =>
    client(`w${index}`, "grpc", "dc-a", { cluster: { status: "STALE", since: at(100 - index) } }),
  );
  const rejecting = client("bad", "envoy", "dc-a", {
    listener: { status: "ERROR", since: at(200), reason: "no such filter", rejected: ["edge"] },
  });
  const { synced, troubled, troubledLeftOut } = clientSummary([...waiting, rejecting]);
  assert.equal(synced, 0);
  assert.deepEqual(
    troubled.slice(0, 3).map(({ nodeId, type, status }) => `${nodeId} ${type} ${status}`),
    ["bad LDS ERROR", "w59 CDS STALE", "w58 CDS STALE"],
  );
  assert.equal(troubled[0]?.reason, "no such filter");
  assert.deepEqual([troubled.length, troubledLeftOut], [50, 11]);
});

test("what is told does not grow with the clients", () => {
  const many = (count: number) =>
    clientSummary(Array.from({ length: count }, (_, index) => client(`c${index}`, "grpc", `dc-${index % 3}`)));
  const [few, lots] = [many(3), many(500)].map((summary) => JSON.stringify(summary).length);
  assert.ok(few !== undefined && lots !== undefined && lots < few + 100, `${few} and ${lots} bytes`);
});

function at(seconds: number): Date {
  return new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));
}

function client(
  nodeId: string,
  kind: "envoy" | "grpc",
  locality: string,
  types: Partial<Record<"cluster" | "endpoints" | "listener" | "routes", TypeStatus>> = {},
): ClientView {
  const synced: TypeStatus = { status: "SYNCED", since: at(0) };
  return {
    ...{ nodeId, kind, locality, cluster: "", role: kind === "envoy" ? "edge" : "proxyless", agent: "", peer: "" },
    ...{ protocol: "delta", connectedAt: at(0), viewer: "v" },
    types: { cluster: synced, endpoints: synced, listener: synced, routes: synced, ...types },
    cost: { requests: 0, responses: 0, responseBytes: 0, acks: 0, nacks: 0 },
    resources: () => [],
    resource: () => undefined,
  };
}
