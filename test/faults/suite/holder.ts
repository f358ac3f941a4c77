import { create, fromBinary } from "@bufbuild/protobuf";
import { Client, type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import type { LocalityLbEndpoints } from "@weir/proto/envoy/config/endpoint/v3/endpoint_components_pb.ts";
import { ClusterLoadAssignmentSchema } from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import { AggregatedDiscoveryService } from "@weir/proto/envoy/service/discovery/v3/ads_pb.ts";
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
} from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import { methodOf } from "@weir/proto/grpc/service.ts";

/** What a client came to hold of a service; no endpoints when it was removed. */
export type Holding = {
  readonly at: number;
  readonly name: string;
  /** Those that are neither draining nor unhealthy. */
  readonly endpoints: number;
  readonly version: string;
  /** The share of each region, from 0 to 1, among the localities that come first. */
  readonly shares: Readonly<Record<string, number>>;
};

/** A client that keeps to the incremental protocol, comes back whenever its stream breaks, and writes down all that it holds. */
export type Holder = Disposable & {
  /** In the order in which it was told. */
  readonly holdings: readonly Holding[];
  /** What it was sent although it said that it had just that. */
  readonly resent: readonly string[];
  holds(name: string): Holding | undefined;
};

const clusterType = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
const endpointsType = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
const method = methodOf(AggregatedDiscoveryService, AggregatedDiscoveryService.method.deltaAggregatedResources);
const comeBackMs = 100;

/** `xds` gives the address to connect to, each time anew. Stands in dc-a, as an edge does. */
export function startHolder({
  xds,
  nodeId = "holder",
}: {
  readonly xds: () => string;
  readonly nodeId?: string;
}): Holder {
  const versions = { [clusterType]: new Map<string, string>(), [endpointsType]: new Map<string, string>() };
  const holdings: Holding[] = [];
  const resent: string[] = [];
  let channel: Client | undefined;
  let returning: NodeJS.Timeout | undefined;
  let ended = false;

  function connect(): void {
    channel?.close();
    channel = new Client(xds(), credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
    const call = channel.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize);
    let open = true;
    const lost = () => {
      if (!open) return;
      open = false;
      if (!ended) returning = setTimeout(connect, comeBackMs);
    };
    call.on("data", (response: DeltaDiscoveryResponse) => hear(call, response));
    call.on("error", lost);
    call.on("end", lost);
    call.write(
      first(clusterType, {
        id: nodeId,
        cluster: "edge",
        userAgentName: "envoy",
        locality: { region: "dc-a", zone: "z1" },
      }),
    );
    if (versions[clusterType].size > 0) call.write(first(endpointsType));
  }

  function first(typeUrl: keyof typeof versions, node?: object): DeltaDiscoveryRequest {
    const known = versions[typeUrl];
    return create(DeltaDiscoveryRequestSchema, {
      typeUrl,
      ...(node === undefined ? {} : { node }),
      resourceNamesSubscribe: typeUrl === clusterType ? ["*"] : [...versions[clusterType].keys()],
      initialResourceVersions: Object.fromEntries(known),
    });
  }

  function hear(
    call: ClientDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse>,
    { typeUrl, nonce, resources, removedResources }: DeltaDiscoveryResponse,
  ): void {
    const known = typeUrl === clusterType ? versions[clusterType] : versions[endpointsType];
    const isNew = (name: string) => !known.has(name);
    const added = resources.map(({ name }) => name).filter(isNew);
    for (const { name, version, resource } of resources) {
      if (known.get(name) === version) resent.push(`${name} ${version}`);
      known.set(name, version);
      if (typeUrl === endpointsType && resource) keep(name, version, resource.value);
    }
    for (const name of removedResources) {
      known.delete(name);
      if (typeUrl === endpointsType) holdings.push({ at: Date.now(), name, endpoints: 0, version: "", shares: {} });
    }
    call.write(create(DeltaDiscoveryRequestSchema, { typeUrl, responseNonce: nonce }));
    if (typeUrl === clusterType && added.length + removedResources.length > 0)
      call.write(
        create(DeltaDiscoveryRequestSchema, {
          typeUrl: endpointsType,
          resourceNamesSubscribe: added,
          resourceNamesUnsubscribe: removedResources,
        }),
      );
  }

  function keep(name: string, version: string, bytes: Uint8Array): void {
    const { endpoints } = fromBinary(ClusterLoadAssignmentSchema, bytes);
    const usable = endpoints.flatMap(({ lbEndpoints }) => lbEndpoints).filter(({ healthStatus }) => healthStatus <= 1);
    holdings.push({ at: Date.now(), name, endpoints: usable.length, version, shares: sharesOf(endpoints) });
  }

  connect();
  return {
    holdings,
    resent,
    holds: (name) => holdings.findLast((holding) => holding.name === name),
    [Symbol.dispose]() {
      ended = true;
      clearTimeout(returning);
      channel?.close();
    },
  };
}

function sharesOf(localities: readonly LocalityLbEndpoints[]): Holding["shares"] {
  const first = localities.filter(({ priority }) => priority === 0);
  const all = first.reduce((sum, { loadBalancingWeight = 0 }) => sum + loadBalancingWeight, 0);
  const shares: Record<string, number> = {};
  for (const { locality, loadBalancingWeight = 0 } of first) {
    const region = locality?.region ?? "";
    shares[region] = (shares[region] ?? 0) + loadBalancingWeight / all;
  }
  return shares;
}
