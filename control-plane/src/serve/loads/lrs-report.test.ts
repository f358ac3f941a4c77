import assert from "node:assert/strict";
import { test } from "node:test";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { ClusterStatsSchema } from "@weir/proto/envoy/config/endpoint/v3/load_report_pb.ts";
import { LoadStatsRequestSchema } from "@weir/proto/envoy/service/load_stats/v3/lrs_pb.ts";
import { loadReportOf, readLoadStats, reportLimits } from "./lrs-report.ts";

test("the node is read when it is wanted, else only its id", () => {
  const bytes = bytesOf({ node: { id: "edge-1", cluster: "edge", locality: { region: "dc-a" } } });
  const { node, nodeId } = readLoadStats(bytes, { node: true });
  assert.deepEqual([node?.cluster, node?.locality?.region, nodeId], ["edge", "dc-a", "edge-1"]);
  const again = readLoadStats(bytes, { node: false });
  assert.deepEqual([again.node, again.nodeId], [undefined, "edge-1"]);
});

test("a request without a node and without loads is empty", () => {
  assert.deepEqual(readLoadStats(bytesOf({}), { node: true }), { node: undefined, nodeId: undefined, clusters: [] });
  assert.equal(readLoadStats(bytesOf({ node: { cluster: "edge" } }), { node: false }).nodeId, undefined);
});

test("idle clusters are passed over", () => {
  const loadReportInterval = { seconds: 2n };
  const { clusters } = readLoadStats(
    bytesOf({
      clusterStats: [
        { clusterName: "idle", loadReportInterval },
        { clusterName: "busy", upstreamLocalityStats: [{ totalIssuedRequests: 1n }] },
        { clusterName: "dropping", totalDroppedRequests: 2n },
      ],
    }),
    { node: false },
  );
  assert.deepEqual(
    clusters.map(({ clusterName }) => clusterName),
    ["busy", "dropping"],
  );
});

test("what is no message throws", () => {
  for (const bytes of [Buffer.from("hello"), Buffer.of(0x12, 0xff), Buffer.of(0x0a, 0x02, 0x0a, 0x05)])
    assert.throws(() => readLoadStats(bytes, { node: true }));
});

test("counts, places, priorities, intervals and endpoints are what the client said", () => {
  const socket = (address: string) => ({
    address: {
      case: "socketAddress" as const,
      value: { address, portSpecifier: { case: "portValue" as const, value: 9 } },
    },
  });
  const counts = {
    totalSuccessfulRequests: 5n,
    totalErrorRequests: 2n,
    totalIssuedRequests: 9n,
    totalRequestsInProgress: 3n,
  };
  const { report, leftOut } = reportOf({
    clusterName: "report",
    loadReportInterval: { seconds: 1n, nanos: 500_000_000 },
    totalDroppedRequests: 4n,
    upstreamLocalityStats: [
      {
        ...counts,
        locality: { region: "dc-a", zone: "z1", subZone: "rack" },
        priority: 1,
        upstreamEndpointStats: [
          { ...counts, address: socket("10.0.0.1") },
          { ...counts, address: socket("::1") },
          { ...counts, address: { address: { case: "pipe", value: { path: "/run/socket" } } } },
        ],
      },
    ],
  });
  const reported = { issued: 9, ok: 5, error: 2, inProgress: 3 };
  assert.equal(leftOut, 0);
  assert.deepEqual(report, {
    rows: [
      {
        ...{ cluster: "report", intervalMs: 1_500, priority: 1, reported },
        to: { region: "dc-a", zone: "z1", subZone: "rack" },
        endpoints: [
          { address: "10.0.0.1:9", reported },
          { address: "[::1]:9", reported },
        ],
      },
    ],
    drops: [{ cluster: "report", intervalMs: 1_500, dropped: 4 }],
  });
});

test("an interval that cannot be is taken as not measured", () => {
  for (const loadReportInterval of [{ seconds: -5n }, { seconds: 0n }])
    assert.equal(reportOf({ loadReportInterval, totalDroppedRequests: 1n }).report.drops[0]?.intervalMs, undefined);
});

test("more than anybody can have sent is cut down", () => {
  const { report } = reportOf({ upstreamLocalityStats: [{ totalIssuedRequests: 2n ** 64n - 1n }] });
  assert.equal(report.rows[0]?.reported.issued, 1e9);
});

test("too many localities, too many endpoints and too long names are left out and counted", () => {
  const { localitiesPerCluster, endpointsPerLocality, textLength } = reportLimits;
  const localities = reportOf({
    upstreamLocalityStats: Array.from({ length: localitiesPerCluster + 7 }, () => ({ totalIssuedRequests: 1n })),
  });
  assert.deepEqual([localities.report.rows.length, localities.leftOut], [localitiesPerCluster, 7]);

  const endpoints = Array.from({ length: endpointsPerLocality + 5 }, () => ({ totalIssuedRequests: 1n }));
  assert.equal(reportOf({ upstreamLocalityStats: [{ upstreamEndpointStats: endpoints }] }).leftOut, 5);

  const region = "x".repeat(textLength + 1);
  const long = reportOf({ upstreamLocalityStats: [{ locality: { region } }] });
  assert.deepEqual([long.report.rows.length, long.leftOut], [0, 1]);

  const cluster = create(ClusterStatsSchema, {
    upstreamLocalityStats: Array.from({ length: localitiesPerCluster }, () => ({ totalIssuedRequests: 1n })),
  });
  const many = loadReportOf(Array.from({ length: 100 }, () => cluster));
  assert.equal(many.report.rows.length, reportLimits.rows);
  assert.equal(many.leftOut, 100 * localitiesPerCluster - reportLimits.rows);
});

function bytesOf(request: MessageInitShape<typeof LoadStatsRequestSchema>): Uint8Array {
  return toBinary(LoadStatsRequestSchema, create(LoadStatsRequestSchema, request));
}

function reportOf(cluster: MessageInitShape<typeof ClusterStatsSchema>) {
  return loadReportOf([create(ClusterStatsSchema, cluster)]);
}
