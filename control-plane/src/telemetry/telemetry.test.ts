import assert from "node:assert/strict";
import { test } from "node:test";
import type { SourceName } from "../model/names.ts";
import type { ViewerKey } from "../model/viewer.ts";
import type { Note } from "./note.ts";
import { startTelemetry } from "./telemetry.ts";
import { lineCollector } from "./testing.ts";

const quiet = { log: { level: "info" }, otlp: { endpoint: undefined, serviceName: "weir" } } as const;
const client = { nodeId: "edge-1", client: "envoy" } as const;
const viewer = "envoy/edge/dc-a/z1/0.0.0.0:10000" as ViewerKey;
const feed = { source: "consul/dc-a" as SourceName, feed: "consul/dc-a/report" };

const changed: Note = {
  kind: "documents-changed",
  entry: {
    revision: 42,
    at: new Date(),
    by: "ana",
    through: "api",
    reason: "CHG-1",
    changes: [{ documentKind: "TrafficSplit", name: "report", action: "update" }],
  },
};

/** What is logged of these notes at this level: `level component message`, and the lines themselves. */
async function logged(level: "info" | "debug", notes: readonly Note[]) {
  const { stream, lines } = lineCollector();
  {
    await using telemetry = await startTelemetry({ ...quiet, log: { level } }, stream);
    notes.forEach(telemetry.observe);
  }
  return { lines, said: lines.map(({ level, component, msg }) => `${level} ${component}: ${msg}`) };
}

/** The metrics after these notes: the lines that begin with one of these names. */
async function counted(names: readonly string[], notes: readonly Note[]): Promise<readonly string[]> {
  await using telemetry = await startTelemetry(quiet, lineCollector().stream);
  notes.forEach(telemetry.observe);
  const { text } = await telemetry.metrics();
  return text
    .split("\n")
    .filter((line) => names.some((name) => line.startsWith(`${name}{`) || line.startsWith(`${name} `)));
}

test("a change, a rejection and a lost source are one line each; what was sent is a line at debug only", async () => {
  const notes: readonly Note[] = [
    changed,
    {
      kind: "sent",
      type: "endpoints",
      nonce: "7",
      version: "v1",
      resources: 1,
      removed: 0,
      revision: 42,
      bytes: 228,
      ...client,
    },
    {
      kind: "rejected",
      of: 1,
      type: "endpoints",
      nonce: "7",
      version: "v1",
      names: ["report"],
      reason: "no such locality",
      ...client,
    },
    { kind: "source-lost", cause: new Error("no answer", { cause: new Error("ECONNREFUSED") }), ...feed },
  ];
  const { said, lines } = await logged("info", notes);
  assert.deepEqual(said, [
    "info policy: r42 by ana: update TrafficSplit report",
    "warn xds: client rejected and keeps what it had: no such locality",
    "warn sources: consul/dc-a/report does not answer, what was known of it is kept: no answer: ECONNREFUSED",
  ]);
  const { ts: _, msg: __, ...rejected } = lines[1] ?? {};
  assert.deepEqual(rejected, {
    level: "warn",
    component: "xds",
    node: "edge-1",
    type: "endpoints",
    version: "v1",
    nonce: "7",
    names: ["report"],
    client: "envoy",
  });
  assert.equal((await logged("debug", notes)).said[1], "debug xds: sent 1 resources, removed 0");
});

test("what clients write is cut to a length that a log can bear", async () => {
  const { lines } = await logged("info", [
    {
      kind: "rejected",
      of: 1,
      type: "cluster",
      nonce: "1",
      version: "v",
      names: [],
      reason: "x".repeat(1_000_000),
      ...client,
    },
  ]);
  assert.ok(String(lines[0]?.msg).length < 3_000);
});

test("what comes again with every snapshot is said once", async () => {
  const dangling: Note = { kind: "dangling", viewer, from: "routes report", to: "report|v9" };
  const { said } = await logged("info", [dangling, dangling, { ...dangling, to: "other" }]);
  assert.equal(said.length, 2);
});

test("pushes, ACKs and NACKs are counted by type, and never by client", async () => {
  const push = { type: "cluster", nonce: "1", version: "v" } as const;
  const notes: readonly Note[] = [
    { kind: "sent", ...push, resources: 3, removed: 0, revision: 1, bytes: 1000, ...client },
    { kind: "sent", ...push, resources: 3, removed: 0, revision: 1, bytes: 1000, ...client, nodeId: "edge-2" },
    { kind: "acked", tookMs: 5, ...push, ...client },
    { kind: "rejected", of: 1, ...push, names: [], reason: "", ...client, nodeId: "edge-2" },
  ];
  const names = ["xds_push_total", "xds_ack_total", "xds_nack_total", "xds_response_bytes_sum"];
  const lines = await counted(names, notes);
  assert.ok(lines.includes('xds_nack_total{type="listener"} 0'), "a type without a NACK is there, as 0");
  const clusters = lines.filter((line) => line.includes('type="cluster"'));
  assert.deepEqual(clusters, [
    'xds_push_total{type="cluster"} 2',
    'xds_ack_total{type="cluster"} 1',
    'xds_nack_total{type="cluster"} 1',
    'xds_response_bytes_sum{type="cluster"} 2000',
  ]);
});

test("changes, sources, snapshots, streams and requests of operators are counted", async () => {
  const notes: readonly Note[] = [
    changed,
    { kind: "documents-refused", by: "bob", through: "file", problems: [] },
    { kind: "source-changed", endpoints: 3, ...feed },
    { kind: "source-changed", endpoints: 3, ...feed, source: "registry" as SourceName },
    { kind: "published", viewer, revision: 42, changed: 1, removed: 0, tookMs: 3 },
    { kind: "client-disconnected", ...client, protocol: "delta", peer: "p", forMs: 90_000, cause: "" },
    { kind: "converged", revision: 42, tookMs: 40, clients: 2 },
    { kind: "operator-answered", method: "GET", route: "/v1/clients", code: 200, tookMs: 2 },
  ];
  const names = [
    ...[
      "config_apply_total",
      "registry_events_total",
      "xds_snapshot_build_seconds_sum",
      "xds_stream_duration_seconds_sum",
    ],
    ...["xds_convergence_seconds_sum", "operator_requests_total"],
  ];
  assert.deepEqual((await counted(names, notes)).toSorted(), [
    'config_apply_total{source="api",result="done"} 1',
    'config_apply_total{source="file",result="refused"} 1',
    'operator_requests_total{method="GET",route="/v1/clients",code="200"} 1',
    'registry_events_total{source="consul",datacenter="dc-a"} 1',
    'registry_events_total{source="registry",datacenter=""} 1',
    "xds_convergence_seconds_sum 0.04",
    "xds_snapshot_build_seconds_sum 0.003",
    "xds_stream_duration_seconds_sum 90",
  ]);
});

test("the process itself is measured too, and a second start does not meet the first", async () => {
  const names = ["process_cpu_seconds_total", "nodejs_eventloop_lag_p99_seconds", "process_resident_memory_bytes"];
  assert.equal((await counted(names, [])).length, 3);
  assert.equal((await counted(names, [])).length, 3);
});

test("the level can be changed at run time, and who did it is logged", async () => {
  const { stream, lines } = lineCollector();
  {
    await using telemetry = await startTelemetry(quiet, stream);
    const note: Note = { kind: "acked", tookMs: 5, type: "cluster", nonce: "1", version: "v", ...client };
    telemetry.observe(note);
    telemetry.setLogLevel("debug", "ana");
    telemetry.observe(note);
    assert.equal(telemetry.logLevel(), "debug");
  }
  assert.deepEqual(
    lines.map(({ msg }) => msg),
    ["log level set to debug by ana", "client accepted"],
  );
});
