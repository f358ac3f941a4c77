import { type Any, anyIs, anyUnpack } from "@bufbuild/protobuf/wkt";
import type { Listener } from "@weir/proto/envoy/config/listener/v3/listener_pb.ts";
import type {
  RouteAction,
  RouteAction_RequestMirrorPolicy,
} from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import type { RouteConfiguration } from "@weir/proto/envoy/config/route/v3/route_pb.ts";
import { HttpConnectionManagerSchema } from "@weir/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";

/** The routes that a listener has sent to it by name. */
export function routesOf({ filterChains, apiListener }: Listener): readonly string[] {
  const filters = filterChains.flatMap(({ filters }) =>
    filters.map(({ configType }) => (configType.case === "typedConfig" ? configType.value : undefined)),
  );
  return [...filters, apiListener?.apiListener].flatMap((config) => (config ? routeNameOf(config) : []));
}

function routeNameOf(config: Any): readonly string[] {
  if (!anyIs(config, HttpConnectionManagerSchema)) return [];
  const specifier = anyUnpack(config, HttpConnectionManagerSchema)?.routeSpecifier;
  return specifier?.case === "rds" ? [specifier.value.routeConfigName] : [];
}

/** The clusters that routes lead to, or mirror to; each once. */
export function clustersOf({ virtualHosts, requestMirrorPolicies }: RouteConfiguration): readonly string[] {
  const actions = virtualHosts.flatMap(({ routes }) => routes.map(({ action }) => action));
  const uses = actions.flatMap((action) => {
    if (action.case !== "route") return [];
    const { clusterSpecifier, requestMirrorPolicies } = action.value;
    return [...targetsOf(clusterSpecifier), ...mirrorsOf(requestMirrorPolicies)];
  });
  const mirrors = [requestMirrorPolicies, ...virtualHosts.map((host) => host.requestMirrorPolicies)].flatMap(mirrorsOf);
  return [...new Set([...uses, ...mirrors])];
}

function targetsOf(specifier: RouteAction["clusterSpecifier"]): readonly string[] {
  if (specifier.case === "cluster") return [specifier.value];
  return specifier.case === "weightedClusters" ? specifier.value.clusters.map(({ name }) => name) : [];
}

function mirrorsOf(policies: readonly RouteAction_RequestMirrorPolicy[]): readonly string[] {
  return policies.flatMap(({ cluster }) => (cluster === "" ? [] : [cluster]));
}
