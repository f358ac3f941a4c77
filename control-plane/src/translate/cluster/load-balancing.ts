import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { anyPack, durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  Cluster_LbPolicy,
  Cluster_RingHashLbConfig_HashFunction,
  type ClusterSchema,
  type LoadBalancingPolicy,
  LoadBalancingPolicySchema,
} from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import { ClientSideWeightedRoundRobinSchema } from "@weir/proto/envoy/extensions/load_balancing_policies/client_side_weighted_round_robin/v3/client_side_weighted_round_robin_pb.ts";
import { LeastRequestSchema } from "@weir/proto/envoy/extensions/load_balancing_policies/least_request/v3/least_request_pb.ts";
import { MaglevSchema } from "@weir/proto/envoy/extensions/load_balancing_policies/maglev/v3/maglev_pb.ts";
import { RandomSchema } from "@weir/proto/envoy/extensions/load_balancing_policies/random/v3/random_pb.ts";
import {
  RingHash_HashFunction,
  RingHashSchema,
} from "@weir/proto/envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash_pb.ts";
import { RoundRobinSchema } from "@weir/proto/envoy/extensions/load_balancing_policies/round_robin/v3/round_robin_pb.ts";
import { WrrLocalitySchema } from "@weir/proto/envoy/extensions/load_balancing_policies/wrr_locality/v3/wrr_locality_pb.ts";
import { never } from "../../lib/exhaustive.ts";
import type { LoadBalancer, SlowStart } from "../../model/policy.ts";
import type { Viewer } from "../../model/viewer.ts";

/** The fields of a Cluster that say how an endpoint is picked. */
export type LoadBalancing = Pick<
  MessageInitShape<typeof ClusterSchema>,
  "loadBalancingPolicy" | "lbPolicy" | "lbConfig"
>;

export function loadBalancingOf(balancer: LoadBalancer, flavour: Viewer["flavour"]): LoadBalancing {
  return flavour === "envoy" ? forEnvoy(balancer) : forGrpc(balancer);
}

/** Without a locality config Envoy's policies ignore the localities' weights. */
const byWeight = { case: "localityWeightedLbConfig", value: {} } as const;

function forEnvoy(balancer: LoadBalancer): LoadBalancing {
  const localityLbConfig = { localityConfigSpecifier: byWeight };
  switch (balancer.kind) {
    case "round-robin":
      return list(policy(RoundRobinSchema, { localityLbConfig, ...slowly(balancer.slowStart) }));
    case "least-request": {
      const { choices, activeRequestBias: bias, slowStart } = balancer;
      const activeRequestBias = { defaultValue: bias, runtimeKey: "weir.active_request_bias" };
      return list(
        policy(LeastRequestSchema, {
          choiceCount: choices,
          localityLbConfig,
          ...(bias !== 1 && { activeRequestBias }),
          ...slowly(slowStart),
        }),
      );
    }
    case "random":
      return list(policy(RandomSchema, { localityLbConfig }));
    case "ring-hash":
      return list(
        policy(RingHashSchema, {
          hashFunction: RingHash_HashFunction.XX_HASH,
          minimumRingSize: BigInt(balancer.minimumRingSize),
          maximumRingSize: BigInt(balancer.maximumRingSize),
          localityWeightedLbConfig: {},
          ...bounded(balancer.balanceFactor),
        }),
      );
    case "maglev":
      return list(
        policy(MaglevSchema, {
          tableSize: BigInt(balancer.tableSize),
          localityWeightedLbConfig: {},
          ...bounded(balancer.balanceFactor),
        }),
      );
    case "weighted-round-robin":
      // Envoy's own policy has no locality config: it takes the weights of localities into account inside this one only.
      return list(
        byLocality(byOwnReport(balancer, "envoy")),
        policy(RoundRobinSchema, { localityLbConfig, ...slowly(balancer.slowStart) }),
      );
    default:
      return never(balancer);
  }
}

/**
 * A list of which each client takes the first that it knows (gRFC A52); `lb_policy` stays round robin for those that read
 * no list. Ring hash goes by `lb_policy`, which all of them read: grpc-js-xds 1.14.1 refuses a list's ring sizes, since it
 * decodes them as text.
 */
function forGrpc(balancer: LoadBalancer): LoadBalancing {
  const roundRobin = policy(RoundRobinSchema, {});
  switch (balancer.kind) {
    case "round-robin":
    case "random":
      return list(byLocality(roundRobin));
    case "least-request":
      return list(byLocality(policy(LeastRequestSchema, { choiceCount: balancer.choices }), roundRobin));
    case "ring-hash":
      return ringHash(balancer.minimumRingSize, balancer.maximumRingSize);
    case "maglev":
      // As even as such a table, as far as the clients' own limit of 4096 entries allows.
      return ringHash(1024, largestRing);
    case "weighted-round-robin":
      return list(byLocality(byOwnReport(balancer, "grpc"), roundRobin));
    default:
      return never(balancer);
  }
}

const largestRing = 8_388_608;

function ringHash(minimumRingSize: number, maximumRingSize: number): LoadBalancing {
  return {
    lbPolicy: Cluster_LbPolicy.RING_HASH,
    lbConfig: {
      case: "ringHashLbConfig",
      value: {
        hashFunction: Cluster_RingHashLbConfig_HashFunction.XX_HASH,
        minimumRingSize: BigInt(minimumRingSize),
        maximumRingSize: BigInt(maximumRingSize),
      },
    },
  };
}

/** Every field is explicit: clients do not agree on what an unset one is, an unset penalty is 0 in Envoy and 1 in gRPC. */
function byOwnReport(
  balancer: Extract<LoadBalancer, { readonly kind: "weighted-round-robin" }>,
  flavour: Viewer["flavour"],
): Policy {
  const { outOfBand, slowStart } = balancer;
  return policy(ClientSideWeightedRoundRobinSchema, {
    blackoutPeriod: durationFromMs(balancer.blackoutMs),
    weightExpirationPeriod: durationFromMs(balancer.weightExpirationMs),
    weightUpdatePeriod: durationFromMs(balancer.weightUpdateMs),
    errorUtilizationPenalty: balancer.errorUtilizationPenalty,
    enableOobLoadReport: outOfBand !== undefined,
    ...(outOfBand && { oobReportingPeriod: durationFromMs(outOfBand.periodMs) }),
    ...(flavour === "envoy" && {
      metricNamesForComputingUtilization: [...balancer.metrics],
      ...(outOfBand?.port !== undefined && { oobReportingConfig: { portValue: outOfBand.port } }),
      ...slowly(slowStart),
    }),
  });
}

function slowly(slowStart: SlowStart | undefined) {
  if (slowStart === undefined) return {};
  const { windowMs, aggression, minWeightPercent } = slowStart;
  return {
    slowStartConfig: {
      slowStartWindow: durationFromMs(windowMs),
      aggression: { defaultValue: aggression, runtimeKey: "weir.slow_start_aggression" },
      minWeightPercent: { value: minWeightPercent },
    },
  };
}

function bounded(balanceFactor: number | undefined) {
  return balanceFactor === undefined ? {} : { consistentHashingLbConfig: { hashBalanceFactor: balanceFactor } };
}

type Policy = LoadBalancingPolicy["policies"][number];

function list(...policies: readonly Policy[]): LoadBalancing {
  return { loadBalancingPolicy: create(LoadBalancingPolicySchema, { policies: [...policies] }) };
}

/** gRPC divides by the localities' weights in a policy of its own, which holds the one that picks inside a locality. */
function byLocality(...inside: readonly Policy[]): Policy {
  return policy(WrrLocalitySchema, { endpointPickingPolicy: { policies: [...inside] } });
}

function policy<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>): Policy {
  const typedConfig = anyPack(schema, create(schema, init));
  const [policy] = create(LoadBalancingPolicySchema, {
    policies: [{ typedExtensionConfig: { name: schema.typeName, typedConfig } }],
  }).policies;
  if (!policy) throw new Error("a list of one has none");
  return policy;
}
