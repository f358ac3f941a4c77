import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import { type Client, type ServiceError, status } from "@grpc/grpc-js";
import type { NodeSchema } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import { AggregatedDiscoveryService } from "@weir/proto/envoy/service/discovery/v3/ads_pb.ts";
import {
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DiscoveryRequestSchema,
  type DiscoveryResponse,
  ResourceSchema,
} from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import { RuntimeSchema } from "@weir/proto/envoy/service/runtime/v3/rtds_pb.ts";
import { methodOf } from "@weir/proto/grpc/service.ts";
import { resourceTypeOf, typeUrls } from "../../control-plane/src/snapshot/resource.ts";
import { itemOfContent } from "./made-up-world.ts";
import type { Reply, Request, Variant } from "./simulated-client.ts";

/** What the simulated client says and hears, as messages of a stream of ADS. */
export type Wire = {
  send(request: Pick<Request, "type"> & Partial<Request>): void;
  /** How many requests were sent. */
  sent(): number;
  cancel(): void;
};

export type Ears = {
  /** `number`: what the marker's layer holds, where it is told. */
  take(reply: Reply, number: number | undefined): void;
  ended(how: string): void;
};

const { deltaAggregatedResources, streamAggregatedResources } = AggregatedDiscoveryService.method;
const methods = {
  delta: methodOf(AggregatedDiscoveryService, deltaAggregatedResources),
  sotw: methodOf(AggregatedDiscoveryService, streamAggregatedResources),
};

export function openWire(
  channel: Client,
  variant: Variant,
  node: MessageInitShape<typeof NodeSchema>,
  { take, ended }: Ears,
): Wire {
  const { path, requestSerialize, responseDeserialize } = methods[variant];
  const call = channel.makeBidiStreamRequest<unknown, DiscoveryResponse | DeltaDiscoveryResponse>(
    path,
    requestSerialize as (request: unknown) => Buffer,
    responseDeserialize as (bytes: Buffer) => DiscoveryResponse | DeltaDiscoveryResponse,
  );
  call.on("data", (response) => take(replyOf(response), numberOf(response)));
  call.on("error", ({ code, details }: ServiceError) => ended(`${status[code]}: ${details}`));
  call.on("end", () => ended("the server ended the stream"));
  let sent = 0;
  return {
    send(request) {
      call.write(requestOf(variant, request, sent === 0 ? node : undefined));
      sent += 1;
    },
    sent: () => sent,
    cancel: () => call.cancel(),
  };
}

function requestOf(
  variant: Variant,
  {
    type,
    nonce = "",
    rejects,
    names = [],
    version = "",
    subscribe = names,
    unsubscribe = [],
    initial,
  }: Partial<Request> & Pick<Request, "type">,
  node: MessageInitShape<typeof NodeSchema> | undefined,
) {
  const common = {
    ...{ typeUrl: typeUrls[type], responseNonce: nonce },
    ...(node && { node }),
    ...(rejects !== undefined && { errorDetail: { code: status.INVALID_ARGUMENT, message: rejects } }),
  };
  if (variant === "sotw")
    return create(DiscoveryRequestSchema, { ...common, resourceNames: [...names], versionInfo: version });
  return create(DeltaDiscoveryRequestSchema, {
    ...common,
    resourceNamesSubscribe: [...subscribe],
    resourceNamesUnsubscribe: [...unsubscribe],
    initialResourceVersions: Object.fromEntries(initial ?? []),
  });
}

function replyOf(response: DiscoveryResponse | DeltaDiscoveryResponse): Reply {
  const type = resourceTypeOf(response.typeUrl);
  if (type === undefined) throw new Error(`nobody asked for ${response.typeUrl}`);
  const isDelta = response.$typeName === "envoy.service.discovery.v3.DeltaDiscoveryResponse";
  return {
    ...{ type, nonce: response.nonce, heartbeat: false },
    version: isDelta ? response.systemVersionInfo : response.versionInfo,
    resources: type === "runtime" ? [] : bodiesOf(response).map(itemOfContent),
    removed: isDelta ? response.removedResources : [],
    errors: response.resourceErrors.map(({ resourceName }) => resourceName?.name ?? ""),
  };
}

/** What the resources hold; those that come without are passed over. */
function bodiesOf(response: DiscoveryResponse | DeltaDiscoveryResponse): readonly Any[] {
  return response.resources.flatMap((resource) => {
    if (resource.$typeName === "envoy.service.discovery.v3.Resource") return resource.resource ?? [];
    if (!resource.typeUrl.endsWith(ResourceSchema.typeName)) return resource;
    return fromBinary(ResourceSchema, resource.value).resource ?? [];
  });
}

function numberOf(response: DiscoveryResponse | DeltaDiscoveryResponse): number | undefined {
  if (response.typeUrl !== typeUrls.runtime) return undefined;
  const [body] = bodiesOf(response);
  const number = body && fromBinary(RuntimeSchema, body.value).layer?.["number"];
  return typeof number === "number" ? number : undefined;
}
