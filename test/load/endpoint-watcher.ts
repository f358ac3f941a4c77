import { create, fromBinary } from "@bufbuild/protobuf";
import { Client, credentials } from "@grpc/grpc-js";
import { ClusterLoadAssignmentSchema } from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import { AggregatedDiscoveryService } from "@weir/proto/envoy/service/discovery/v3/ads_pb.ts";
import {
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
} from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import { methodOf } from "@weir/proto/grpc/service.ts";

const typeUrl = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";

export type Members = { readonly all: number; readonly healthy: number };

/** An xDS client that asks for the endpoints of these services and counts them, cheaper than an Envoy's admin pages can be asked. */
export type EndpointWatcher = Disposable & {
  members(service: string): Members;
  /** Resolves when the service's endpoints are as many as that. */
  has(service: string, expected: Partial<Members>): Promise<void>;
  /** Of all services. */
  total(): number;
};

export function watchEndpoints(address: string, services: readonly string[]): EndpointWatcher {
  const channel = new Client(address, credentials.createInsecure());
  const method = methodOf(AggregatedDiscoveryService, AggregatedDiscoveryService.method.deltaAggregatedResources);
  const call = channel.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize);
  const known = new Map<string, Members>();
  let waiting: (() => boolean)[] = [];
  const node = { id: "watcher", cluster: "edge", locality: { region: "dc-a", zone: "z1" }, userAgentName: "envoy" };
  call.write(create(DeltaDiscoveryRequestSchema, { typeUrl, node, resourceNamesSubscribe: [...services] }));
  call.on("error", () => undefined);
  call.on("data", ({ nonce, resources }: DeltaDiscoveryResponse) => {
    for (const { name, resource } of resources) {
      if (!resource) continue;
      const hosts = fromBinary(ClusterLoadAssignmentSchema, resource.value).endpoints.flatMap(
        ({ lbEndpoints }) => lbEndpoints,
      );
      // UNKNOWN, which is what a serving one has, and HEALTHY.
      const healthy = hosts.filter(({ healthStatus }) => healthStatus <= 1).length;
      known.set(name, { all: hosts.length, healthy });
    }
    call.write(create(DeltaDiscoveryRequestSchema, { typeUrl, responseNonce: nonce }));
    waiting = waiting.filter((isDone) => !isDone());
  });
  const members = (service: string) => known.get(service) ?? { all: 0, healthy: 0 };
  return {
    members,
    has(service, expected) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const isDone = () => {
        const { all, healthy } = members(service);
        if ((expected.all ?? all) !== all || (expected.healthy ?? healthy) !== healthy) return false;
        resolve();
        return true;
      };
      if (!isDone()) waiting.push(isDone);
      return promise;
    },
    total: () => [...known.values()].reduce((sum, { all }) => sum + all, 0),
    [Symbol.dispose]() {
      call.cancel();
      channel.close();
    },
  };
}
