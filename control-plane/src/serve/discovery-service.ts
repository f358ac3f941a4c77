import type { ServerDuplexStream, ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import { ClusterDiscoveryService } from "@weir/proto/envoy/service/cluster/v3/cds_pb.ts";
import { AggregatedDiscoveryService } from "@weir/proto/envoy/service/discovery/v3/ads_pb.ts";
import { EndpointDiscoveryService } from "@weir/proto/envoy/service/endpoint/v3/eds_pb.ts";
import { ExtensionConfigDiscoveryService } from "@weir/proto/envoy/service/extension/v3/config_discovery_pb.ts";
import { ListenerDiscoveryService } from "@weir/proto/envoy/service/listener/v3/lds_pb.ts";
import { RouteDiscoveryService } from "@weir/proto/envoy/service/route/v3/rds_pb.ts";
import { ScopedRoutesDiscoveryService } from "@weir/proto/envoy/service/route/v3/srds_pb.ts";
import { RuntimeDiscoveryService } from "@weir/proto/envoy/service/runtime/v3/rtds_pb.ts";
import { SecretDiscoveryService } from "@weir/proto/envoy/service/secret/v3/sds_pb.ts";
import { serviceOf } from "@weir/proto/grpc/service.ts";
import { type ResourceType, typeUrls } from "../snapshot/resource.ts";
import { createDeltaStream, createSotwStream } from "./conversation/stream.ts";
import { startSession } from "./session/session.ts";
import type { SessionParts } from "./session/session-parts.ts";
import { type DeltaRequest, decodeDelta, decodeSotw, type SotwRequest } from "./wire/request.ts";

/** The services that stream resources: the aggregated one, and one for each type. */
const services = [
  { service: AggregatedDiscoveryService, type: undefined },
  { service: ClusterDiscoveryService, type: "cluster" },
  { service: EndpointDiscoveryService, type: "endpoints" },
  { service: ListenerDiscoveryService, type: "listener" },
  { service: RouteDiscoveryService, type: "routes" },
  { service: ScopedRoutesDiscoveryService, type: "scopedRoutes" },
  { service: SecretDiscoveryService, type: "secret" },
  { service: RuntimeDiscoveryService, type: "runtime" },
  { service: ExtensionConfigDiscoveryService, type: "extension" },
] as const satisfies readonly { readonly service: object; readonly type: ResourceType | undefined }[];

export type DiscoveryService = {
  readonly definition: ServiceDefinition;
  readonly handlers: UntypedServiceImplementation;
};

/** All of them, in both variants. Their unary `Fetch…` methods are those of REST and are not served. */
export function discoveryServices<V>(parts: SessionParts<V>): readonly DiscoveryService[] {
  return services.map(({ service, type }) => {
    const definition: Record<string, ServiceDefinition[string]> = {};
    const handlers: UntypedServiceImplementation = {};
    for (const [name, method] of Object.entries(serviceOf(service))) {
      if (!method.requestStream) continue;
      const isDelta = name.startsWith("delta");
      definition[name] = { ...method, requestDeserialize: isDelta ? decodeDelta : decodeSotw };
      handlers[name] = isDelta
        ? (call: Call<DeltaRequest>) => startSession(call, () => createDeltaStream(), only(type), parts)
        : (call: Call<SotwRequest>) =>
            startSession(call, ({ kind }) => createSotwStream({ emptyMeansAll: kind !== "grpc" }), only(type), parts);
    }
    return { definition, handlers };
  });
}

type Call<Request> = ServerDuplexStream<Request, unknown>;

/** On a service of one type the type need not be said; another one is not served there. */
function only(type: ResourceType | undefined) {
  return <R extends SotwRequest | DeltaRequest>(request: R): R => {
    if (type === undefined || request.typeUrl === typeUrls[type]) return request;
    return {
      ...request,
      typeUrl: request.typeUrl === "" ? typeUrls[type] : `${request.typeUrl} (on a service of another type)`,
    };
  };
}
