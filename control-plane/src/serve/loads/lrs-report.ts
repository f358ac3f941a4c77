import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import type { Duration } from "@bufbuild/protobuf/wkt";
import type { Address } from "@weir/proto/envoy/config/core/v3/address_pb.ts";
import { type Node, NodeSchema } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import {
  type ClusterStats,
  ClusterStatsSchema,
  type UpstreamEndpointStats,
  type UpstreamLocalityStats,
} from "@weir/proto/envoy/config/endpoint/v3/load_report_pb.ts";
import type { LoadDrop, LoadReport, LoadRow, Reported } from "./loads.ts";

/** A LoadStatsRequest, as far as it says something. */
export type LoadStats = {
  readonly nodeId: string | undefined;
  /** Only when it was asked for. */
  readonly node: Node | undefined;
  /** Only clusters with requests. */
  readonly clusters: readonly ClusterStats[];
};

/**
 * Reads a LoadStatsRequest. Envoy 1.40 repeats its node in every report, 60 KB with 516 extensions, and tells of every idle
 * cluster: decoding all of that costs ten times what the loads themselves do. Throws on bytes that are no such message.
 */
export function readLoadStats(bytes: Uint8Array, wants: { readonly node: boolean }): LoadStats {
  const reader = new BinaryReader(bytes);
  const clusters: ClusterStats[] = [];
  let [nodeId, node]: [string | undefined, Node | undefined] = [undefined, undefined];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) {
      const text = reader.bytes();
      nodeId = idOf(text);
      if (wants.node) node = fromBinary(NodeSchema, text);
    } else if (field === 2) {
      const text = reader.bytes();
      if (saysSomething(text)) clusters.push(fromBinary(ClusterStatsSchema, text));
    } else reader.skip(wireType, field);
  }
  return { nodeId, node, clusters };
}

function idOf(node: Uint8Array): string | undefined {
  const reader = new BinaryReader(node);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    // Writers keep to the order of fields, so this is the first one.
    if (field === 1) return reader.string();
    reader.skip(wireType, field);
  }
  return undefined;
}

/** Has upstream_locality_stats (2), total_dropped_requests (3) or dropped_requests (5), and not only a name and an interval. */
function saysSomething(cluster: Uint8Array): boolean {
  const reader = new BinaryReader(cluster);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 2 || field === 3 || field === 5) return true;
    reader.skip(wireType, field);
  }
  return false;
}

/** What one report may hold; the rest of it is left out, and said so. */
export const reportLimits = { localitiesPerCluster: 256, endpointsPerLocality: 1_000, rows: 20_000, textLength: 256 };

/** What a client reported, in our words; and how much of it was too much. */
export function loadReportOf(clusters: readonly ClusterStats[]): {
  readonly report: LoadReport;
  readonly leftOut: number;
} {
  const rows: LoadRow[] = [];
  const drops: LoadDrop[] = [];
  let [left, leftOut] = [reportLimits.rows, 0];
  /** As many of them as there is room for. */
  const take = <T>(all: readonly T[], most: number): readonly T[] => {
    const taken = all.slice(0, Math.min(most, left));
    left -= taken.length;
    leftOut += all.length - taken.length;
    return taken;
  };
  for (const { clusterName, upstreamLocalityStats, totalDroppedRequests, loadReportInterval } of clusters) {
    const intervalMs = millisecondsOf(loadReportInterval);
    const dropped = countOf(totalDroppedRequests);
    if (dropped > 0) drops.push({ cluster: clusterName, intervalMs, dropped });
    for (const stats of take(upstreamLocalityStats, reportLimits.localitiesPerCluster)) {
      const { region = "", zone = "", subZone = "" } = stats.locality ?? {};
      if (Math.max(region.length, zone.length, subZone.length) > reportLimits.textLength) leftOut += 1;
      else
        rows.push({
          cluster: clusterName,
          intervalMs,
          to: { region, zone, subZone },
          priority: stats.priority,
          reported: reportedOf(stats),
          endpoints: take(stats.upstreamEndpointStats, reportLimits.endpointsPerLocality).flatMap(endpointOf),
        });
    }
  }
  return { report: { rows, drops }, leftOut };
}

function endpointOf(stats: UpstreamEndpointStats): LoadRow["endpoints"] {
  const address = addressText(stats.address);
  return address === undefined || address.length > reportLimits.textLength
    ? []
    : [{ address, reported: reportedOf(stats) }];
}

function addressText(address: Address | undefined): string | undefined {
  if (address?.address.case !== "socketAddress") return undefined;
  const { address: host, portSpecifier } = address.address.value;
  const port = portSpecifier.case === "portValue" ? portSpecifier.value : 0;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function reportedOf(stats: UpstreamLocalityStats | UpstreamEndpointStats): Reported {
  return {
    issued: countOf(stats.totalIssuedRequests),
    ok: countOf(stats.totalSuccessfulRequests),
    error: countOf(stats.totalErrorRequests),
    inProgress: countOf(stats.totalRequestsInProgress),
  };
}

/** No client sends that many in one interval; sums of such numbers stay exact. */
const mostRequests = 1e9;

function countOf(count: bigint): number {
  return Math.min(Number(count), mostRequests);
}

function millisecondsOf(duration: Duration | undefined): number | undefined {
  if (duration === undefined) return undefined;
  const ms = Number(duration.seconds) * 1000 + duration.nanos / 1e6;
  return ms > 0 ? ms : undefined;
}
