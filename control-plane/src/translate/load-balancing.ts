import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import {
  Cluster_LbPolicy,
  Cluster_RingHashLbConfig_HashFunction,
  type ClusterSchema,
  type LoadBalancingPolicy,
  LoadBalancingPolicySchema,
} from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import { LeastRequestSchema } from "@weir/proto/envoy/extensions/load_balancing_policies/least_request/v3/least_request_pb.ts";
import {
  RingHash_HashFunction,
  RingHashSchema,
} from "@weir/proto/envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash_pb.ts";
import { RoundRobinSchema } from "@weir/proto/envoy/extensions/load_balancing_policies/round_robin/v3/round_robin_pb.ts";
import { WrrLocalitySchema } from "@weir/proto/envoy/extensions/load_balancing_policies/wrr_locality/v3/wrr_locality_pb.ts";
import { never } from "../lib/exhaustive.ts";
import type { LoadBalancer } from "../model/policy.ts";
import type { Viewer } from "../model/viewer.ts";

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
      return list(policy(RoundRobinSchema, { localityLbConfig }));
    case "least-request":
      return list(policy(LeastRequestSchema, { choiceCount: balancer.choices, localityLbConfig }));
    case "ring-hash":
      return list(
        policy(RingHashSchema, {
          hashFunction: RingHash_HashFunction.XX_HASH,
          minimumRingSize: BigInt(balancer.minimumRingSize),
          maximumRingSize: BigInt(balancer.maximumRingSize),
          localityWeightedLbConfig: {},
        }),
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
  switch (balancer.kind) {
    case "round-robin":
      return list(byLocality(policy(RoundRobinSchema, {})));
    case "least-request":
      return list(
        byLocality(policy(LeastRequestSchema, { choiceCount: balancer.choices }), policy(RoundRobinSchema, {})),
      );
    case "ring-hash":
      return {
        lbPolicy: Cluster_LbPolicy.RING_HASH,
        lbConfig: {
          case: "ringHashLbConfig",
          value: {
            hashFunction: Cluster_RingHashLbConfig_HashFunction.XX_HASH,
            minimumRingSize: BigInt(balancer.minimumRingSize),
            maximumRingSize: BigInt(balancer.maximumRingSize),
          },
        },
      };
    default:
      return never(balancer);
  }
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
