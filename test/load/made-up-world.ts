import { create, toBinary } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import {
  type Cluster,
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  ClusterSchema,
} from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import { ApiVersion } from "@weir/proto/envoy/config/core/v3/config_source_pb.ts";
import { HealthStatus } from "@weir/proto/envoy/config/core/v3/health_check_pb.ts";
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import { HttpProtocolOptionsSchema } from "@weir/proto/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts";

export type MadeUpWorld = {
  readonly clusters: readonly Cluster[];
  readonly endpoints: readonly ClusterLoadAssignment[];
};

const perLocality = 5;

/**
 * Clusters `cluster-00000`… of so many endpoints, field for field those that the peer serves (220 B a cluster and 365 B
 * for ten endpoints), so that both sides send the same bytes.
 */
export function madeUpWorld(clusterCount: number, endpointCount: number): MadeUpWorld {
  const indices = Array.from({ length: clusterCount }, (_, index) => index);
  return {
    clusters: indices.map(clusterOf),
    endpoints: indices.map((index) => assignmentOf(index, endpointCount, 100)),
  };
}

/** The world with the first endpoint of one cluster weighted anew; all else is the same object as before. */
export function bumped(world: MadeUpWorld, index: number, times: number): MadeUpWorld {
  const count = world.endpoints[index]?.endpoints.reduce((sum, { lbEndpoints }) => sum + lbEndpoints.length, 0);
  if (count === undefined) throw new Error(`there is no cluster ${index}; the last is ${world.endpoints.length - 1}`);
  return { ...world, endpoints: world.endpoints.with(index, assignmentOf(index, count, 100 + (times % 27))) };
}

function nameOf(index: number): string {
  return `cluster-${String(index).padStart(5, "0")}`;
}

const http2 = create(AnySchema, {
  typeUrl: "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
  value: toBinary(
    HttpProtocolOptionsSchema,
    create(HttpProtocolOptionsSchema, {
      upstreamProtocolOptions: {
        case: "explicitHttpConfig",
        value: { protocolConfig: { case: "http2ProtocolOptions", value: {} } },
      },
    }),
  ),
});

function clusterOf(index: number): Cluster {
  return create(ClusterSchema, {
    name: nameOf(index),
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: {
      edsConfig: { configSourceSpecifier: { case: "ads", value: {} }, resourceApiVersion: ApiVersion.V3 },
    },
    connectTimeout: { seconds: 1n },
    lbPolicy: Cluster_LbPolicy.ROUND_ROBIN,
    circuitBreakers: {
      thresholds: [{ maxConnections: 1_000, maxPendingRequests: 1_000, maxRequests: 10_000, maxRetries: 3 }],
    },
    outlierDetection: {
      consecutive5xx: 5,
      interval: { seconds: 10n },
      baseEjectionTime: { seconds: 30n },
      maxEjectionPercent: 50,
    },
    commonLbConfig: { localityConfigSpecifier: { case: "localityWeightedLbConfig", value: {} } },
    typedExtensionProtocolOptions: { "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http2 },
  });
}

function assignmentOf(index: number, endpointCount: number, firstWeight: number): ClusterLoadAssignment {
  const localities = Array.from({ length: Math.ceil(endpointCount / perLocality) }, (_, zone) => ({
    locality: { region: `region-${zone % 3}`, zone: `zone-${zone}` },
    loadBalancingWeight: 100,
    priority: Math.floor(zone / 3),
    lbEndpoints: Array.from({ length: Math.min(perLocality, endpointCount - zone * perLocality) }, (_, position) => {
      const place = zone * perLocality + position;
      return endpointOf(index * endpointCount + place, place === 0 ? firstWeight : 100);
    }),
  }));
  return create(ClusterLoadAssignmentSchema, { clusterName: nameOf(index), endpoints: localities });
}

function endpointOf(number: number, weight: number) {
  const address = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
  return {
    hostIdentifier: {
      case: "endpoint" as const,
      value: {
        address: {
          address: {
            case: "socketAddress" as const,
            value: { address, portSpecifier: { case: "portValue" as const, value: 50_051 } },
          },
        },
      },
    },
    healthStatus: HealthStatus.HEALTHY,
    loadBalancingWeight: weight,
  };
}
