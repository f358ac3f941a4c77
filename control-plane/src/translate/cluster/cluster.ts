import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Cluster, Cluster_DiscoveryType, ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import type { TcpKeepaliveSchema } from "@weir/proto/envoy/config/core/v3/address_pb.ts";
import { SocketOption_SocketState } from "@weir/proto/envoy/config/core/v3/socket_option_pb.ts";
import type { Connection, TrafficPolicy } from "../../model/policy.ts";
import type { Protocol, ServiceSpec } from "../../model/service.ts";
import type { Viewer } from "../../model/viewer.ts";
import { adsSource, selfSource } from "../ads-source.ts";
import { createMemory } from "../memory.ts";
import { clusterName } from "../resource-names.ts";
import { circuitBreakersOf } from "./circuit-limits.ts";
import { outlierDetectionOf } from "./ejection.ts";
import { healthChecksOf } from "./health-check.ts";
import { httpProtocolOptionsKey, httpProtocolOptionsOf } from "./http-protocol.ts";
import { loadBalancingOf } from "./load-balancing.ts";

/** How clients of a flavour reach a service, wherever they are: all but where its endpoints are and who gets how much. */
export function clusterOf(
  spec: ServiceSpec,
  policy: TrafficPolicy,
  flavour: Viewer["flavour"],
  subset?: string,
): Cluster {
  const { protocol } = spec;
  const shared = made(policy, policy, `${flavour} ${protocol}`, () => sharedOf(protocol, policy, flavour));
  const healthChecks = flavour === "envoy" ? [...healthChecksOf(policy.healthCheck, spec)] : [];
  return create(ClusterSchema, { ...shared, name: clusterName(spec, subset), healthChecks });
}

/** What all services of one policy and protocol have in common is made once: most of what a new viewer's clusters are. */
const made = createMemory<Cluster>();

function sharedOf(protocol: Protocol, policy: TrafficPolicy, flavour: Viewer["flavour"]): Cluster {
  const outlierDetection = outlierDetectionOf(policy.outlierDetection);
  return create(ClusterSchema, {
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
    // No service_name: endpoints are asked for under the cluster's own name.
    edsClusterConfig: { edsConfig: adsSource() },
    circuitBreakers: circuitBreakersOf(policy.circuitBreaker, policy.retry, flavour),
    ...loadBalancingOf(policy.loadBalancer, flavour),
    ...(outlierDetection && { outlierDetection }),
    // Envoy is told by its bootstrap where loads are reported, a gRPC client cluster by cluster.
    ...(flavour === "envoy" ? forEnvoy(protocol, policy) : { lrsServer: selfSource() }),
  });
}

function forEnvoy(protocol: Protocol, policy: TrafficPolicy) {
  const { timeouts, connection } = policy;
  return {
    connectTimeout: durationFromMs(timeouts.connectMs),
    // Or an endpoint that left stays for as long as it passes its health check.
    ignoreHealthOnHostRemoval: true,
    commonLbConfig: {
      healthyPanicThreshold: { value: policy.panicThreshold },
      // Envoy's 1 s holds changes of weight and health back that follow another, and ACKs them before they are in force.
      updateMergeWindow: durationFromMs(100),
      closeConnectionsOnHostSetChange: connection.drainOnEndpointChange,
    },
    ...(connection.preconnect > 1 && { preconnectPolicy: { perUpstreamPreconnectRatio: connection.preconnect } }),
    typedExtensionProtocolOptions: {
      [httpProtocolOptionsKey]: httpProtocolOptionsOf(protocol, timeouts, connection),
    },
    // A peer that vanished without a word is noticed by the kernel: on a quiet connection by probes, on one that carries requests
    // when nothing was acknowledged for so long. Otherwise requests on it wait for as long as their callers do.
    ...(connection.tcpKeepalive.kind === "on" && {
      upstreamConnectionOptions: { tcpKeepalive: probesOf(connection.tcpKeepalive) },
    }),
    upstreamBindConfig: { socketOptions: [unacknowledgedFor(timeouts.connectMs)] },
  };
}

function probesOf({
  idleMs,
  intervalMs,
  probes,
}: Extract<Connection["tcpKeepalive"], { readonly kind: "on" }>): MessageInitShape<typeof TcpKeepaliveSchema> {
  return { keepaliveTime: idleMs / 1000, keepaliveInterval: intervalMs / 1000, keepaliveProbes: probes };
}

/** Linux's TCP_USER_TIMEOUT (tcp(7)): its level, its number, milliseconds. */
function unacknowledgedFor(ms: number) {
  return {
    description: "TCP_USER_TIMEOUT",
    level: 6n,
    name: 18n,
    value: { case: "intValue" as const, value: BigInt(ms) },
    state: SocketOption_SocketState.STATE_PREBIND,
  };
}
