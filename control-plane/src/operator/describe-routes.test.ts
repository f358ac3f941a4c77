import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResourceStatus } from "../serve/clients.ts";
import { connectedClient } from "../serve/testing.ts";
import type { Description } from "./describe-shapes.ts";
import { service, startTestApi, type TestApi } from "./testing-api.ts";

const policy = {
  apiVersion: "weir/v1alpha1",
  kind: "TrafficPolicy",
  metadata: { name: "report" },
  spec: { targetRefs: [{ name: "report" }], loadBalancer: { type: "RoundRobin", slowStart: { window: "30s" } } },
};

test("a policy is described with who does what of it, counted over the clients that were told of its service", async () => {
  await using api = await startDescribed();
  enter(api, "go-1", "gRPC Go 1.85.0", "ACKED");
  enter(api, "node-1", "gRPC Node Pure JS 1.14.1", "ACKED");
  enter(api, "node-2", "gRPC Node Pure JS 1.14.1", "REQUESTED");
  api.clients.add(connectedClient({ identity: { nodeId: "other", agent: "gRPC Node Pure JS 1.14.1" } }));

  const { body } = await api.get("/v1/trafficPolicies/report/description");
  const { documents, programmed, notes, clients } = body as unknown as Description;
  assert.deepEqual(programmed, { clients: 3, has: 2, behind: 1, rejects: [] });
  const counted = clients.map(({ kind, version, clients }) => `${kind} ${version} ${clients}`);
  assert.deepEqual(counted, ["envoy  0", "grpc-go 1.85.0 1", "grpc-java  0", "grpc-core  0", "grpc-node 1.14.1 2"]);
  assert.ok(
    notes.includes("2 gRPC Node clients ignore loadBalancer.slowStart: a new endpoint gets its full share at once"),
    notes.join("\n"),
  );
  const [document] = documents;
  assert.deepEqual([document?.origin, document?.accepted?.by], [{ kind: "api" }, "ana"]);
  const origin = (path: string) => document?.fields.find((field) => field.path === path)?.origin;
  assert.deepEqual([origin("loadBalancer.type"), origin("panicThreshold")], ["document", "default"]);
});

test("a service is described with the documents that say how it is called, and the defaults where none does", async () => {
  await using api = await startDescribed();
  const { body } = await api.get("/v1/services/report/description?fields=all");
  const { documents, services } = body as unknown as Description;
  assert.deepEqual(
    documents.map(({ kind, origin, fields }) => `${kind} ${origin.kind} ${fields.length > 0}`),
    ["Service api true", "TrafficSplit default true", "TrafficPolicy api true"],
  );
  assert.deepEqual(services[0]?.resources?.grpc.listeners, ["report"]);
  const split = documents[1]?.fields.map(({ path, value, origin }) => `${path}=${String(value)} ${origin}`);
  assert.ok(split?.includes("rules[0].prefer=nearest default"), split?.join("\n"));
});

test("a client that rejects a service's cluster is told by name, with its own words", async () => {
  await using api = await startDescribed();
  enter(api, "node-1", "gRPC Node Pure JS 1.14.1", "NACKED");
  const { body } = await api.get("/v1/services/report/description");
  assert.deepEqual((body as unknown as Description).programmed.rejects, [
    {
      nodeId: "node-1",
      agent: "gRPC Node Pure JS 1.14.1",
      type: "cluster",
      resource: "report",
      reason: "max_ejection_percent out of range",
    },
  ]);
});

test("a Route is told of with the service of its back ends, and in that service's description", async () => {
  await using api = await startDescribed();
  enter(api, "go-1", "gRPC Go 1.85.0", "ACKED");
  const rule = { matches: [{ queryParameters: [{ name: "v", value: "2" }] }], backendRefs: [{ service: "report" }] };
  const route = { apiVersion: "weir/v1alpha1", kind: "Route", metadata: { name: "canary" }, spec: { rules: [rule] } };
  assert.equal((await api.put("/v1/routes/canary", route)).status, 201);
  const described = (await api.get("/v1/routes/canary/description")).body as unknown as Description;
  assert.deepEqual(
    described.services.map(({ name, served }) => `${name} ${served}`),
    ["report true"],
  );
  assert.match(
    described.notes.join("\n"),
    /^1 gRPC Go client is not sent rules\[0\]\.matches\[0\]\.queryParameters: /m,
  );
  const { documents } = (await api.get("/v1/services/report/description")).body as unknown as Description;
  assert.ok(documents.some(({ kind, name }) => kind === "Route" && name === "canary"));
});

test("what is not there cannot be described", async () => {
  await using api = await startDescribed();
  assert.equal((await api.get("/v1/trafficSplits/report/description")).status, 404);
});

async function startDescribed(): Promise<TestApi> {
  const api = await startTestApi();
  await api.put("/v1/services/report", service);
  await api.put("/v1/trafficPolicies/report", policy, { "x-weir-actor": "ana" });
  await api.until(async () => (await api.get("/v1/services/report/resources")).status === 200);
  return api;
}

/** A client that was told of the service, and has its cluster, has not answered, or rejects it. */
function enter(api: TestApi, nodeId: string, agent: string, status: "ACKED" | "REQUESTED" | "NACKED"): void {
  const at = new Date();
  const about = { version: "v1", held: "v1", at };
  const cluster: ResourceStatus = {
    ...{ ...about, type: "cluster", name: "report", status },
    ...(status === "NACKED" && { reason: "max_ejection_percent out of range" }),
  };
  const endpoints: ResourceStatus = { ...about, type: "endpoints", name: "report", status: "ACKED" };
  api.clients.add(
    connectedClient({ identity: { nodeId, agent }, peer: nodeId, resources: () => [cluster, endpoints] }),
  );
}
