import { fromBinary } from "@bufbuild/protobuf";
import { type Any, anyUnpack, durationMs, StringValueSchema } from "@bufbuild/protobuf/wkt";
import { ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import { TypedExtensionConfigSchema } from "@weir/proto/envoy/config/core/v3/extension_pb.ts";
import { ClusterLoadAssignmentSchema } from "@weir/proto/envoy/config/endpoint/v3/endpoint_pb.ts";
import { ListenerSchema } from "@weir/proto/envoy/config/listener/v3/listener_pb.ts";
import { RouteConfigurationSchema } from "@weir/proto/envoy/config/route/v3/route_pb.ts";
import { ScopedRouteConfigurationSchema } from "@weir/proto/envoy/config/route/v3/scoped_route_pb.ts";
import { HttpConnectionManagerSchema } from "@weir/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { SecretSchema } from "@weir/proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";
import {
  type DeltaDiscoveryResponse,
  type DiscoveryResponse,
  type Resource,
  ResourceSchema,
} from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import { RuntimeSchema } from "@weir/proto/envoy/service/runtime/v3/rtds_pb.ts";
import { type PlainType, plainTypeOf } from "./plain-types.ts";

/** A response of either variant. */
export type PlainReply = {
  readonly type: PlainType;
  readonly nonce: string;
  /** SotW: `version_info`; delta: `system_version_info`. */
  readonly version: string;
  readonly resources: readonly PlainResource[];
  readonly removed: readonly string[];
  readonly errors: readonly { readonly name: string; readonly code: number; readonly message: string }[];
};

export type PlainResource = {
  readonly name: string;
  /** What it was made of, `v1>a`; undefined: it came without content, as a sign of life. */
  readonly content: string | undefined;
  /** Delta only. */
  readonly version: string;
  /** How long it may be kept without a sign of life, in milliseconds; undefined: for ever. */
  readonly ttlMs: number | undefined;
};

/** `cluster +a@v1 ~b -c !d`: has a of the content v1, a sign of life of b, c is taken away, an error about d. */
export function replyText({ type, resources, removed, errors }: PlainReply): string {
  const parts = [
    ...resources.map(({ name, content }) => (content === undefined ? `~${name}` : `+${name}@${content}`)),
    ...removed.map((name) => `-${name}`),
    ...errors.map(({ name }) => `!${name}`),
  ];
  return [type, ...parts].join(" ");
}

export function plainReply(response: DiscoveryResponse | DeltaDiscoveryResponse): PlainReply {
  const isDelta = response.$typeName === "envoy.service.discovery.v3.DeltaDiscoveryResponse";
  return {
    ...{ type: plainTypeOf(response.typeUrl), nonce: response.nonce },
    version: isDelta ? response.systemVersionInfo : response.versionInfo,
    resources: response.resources.map((item) =>
      item.$typeName === "google.protobuf.Any" ? bareResource(item) : wrappedResource(item),
    ),
    removed: isDelta ? response.removedResources : [],
    errors: response.resourceErrors.map(({ resourceName, errorDetail }) => ({
      ...{ name: resourceName?.name ?? "", code: errorDetail?.code ?? 0, message: errorDetail?.message ?? "" },
    })),
  };
}

/** One with a time to live comes wrapped in SotW, too. */
function bareResource(body: Any): PlainResource {
  if (body.typeUrl.endsWith(ResourceSchema.typeName)) return wrappedResource(fromBinary(ResourceSchema, body.value));
  return { ...namedContent(body), version: "", ttlMs: undefined };
}

function wrappedResource({ name, version, resource, ttl }: Resource): PlainResource {
  const ttlMs = ttl && durationMs(ttl);
  if (resource === undefined) return { name, version, content: undefined, ttlMs };
  const inside = namedContent(resource);
  if (inside.name !== name) throw new Error(`"${inside.name}" came under the name "${name}"`);
  return { ...inside, version, ttlMs };
}

type Named = { readonly name: string; readonly content: string };

/** Reads what `made-up-resources.ts` made. */
function namedContent({ typeUrl, value }: Any): Named {
  switch (plainTypeOf(typeUrl)) {
    case "cluster": {
      const { name, altStatName } = fromBinary(ClusterSchema, value);
      return { name, content: altStatName };
    }
    case "endpoints": {
      const { clusterName, endpoints } = fromBinary(ClusterLoadAssignmentSchema, value);
      return { name: clusterName, content: endpoints[0]?.locality?.zone ?? "" };
    }
    case "listener": {
      const { name, apiListener } = fromBinary(ListenerSchema, value);
      const manager = apiListener?.apiListener && anyUnpack(apiListener.apiListener, HttpConnectionManagerSchema);
      return { name, content: manager?.statPrefix ?? "" };
    }
    case "routes": {
      const { name, virtualHosts } = fromBinary(RouteConfigurationSchema, value);
      return { name, content: virtualHosts[0]?.name.split(" ")[0] ?? "" };
    }
    case "secret": {
      const { name, type } = fromBinary(SecretSchema, value);
      const text = type.case === "genericSecret" ? type.value.secret?.specifier.value : undefined;
      return { name, content: typeof text === "string" ? text : "" };
    }
    case "runtime": {
      const { name, layer } = fromBinary(RuntimeSchema, value);
      return { name, content: String(layer?.["content"]) };
    }
    case "extension": {
      const { name, typedConfig } = fromBinary(TypedExtensionConfigSchema, value);
      return { name, content: (typedConfig && anyUnpack(typedConfig, StringValueSchema)?.value) ?? "" };
    }
    case "scopedRoutes": {
      const { name, key } = fromBinary(ScopedRouteConfigurationSchema, value);
      return { name, content: key?.fragments[0]?.type.value ?? "" };
    }
  }
}
