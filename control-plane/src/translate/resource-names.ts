import type { RouteSpec } from "../model/route.ts";
import type { ServiceSpec } from "../model/service.ts";
import type { Viewer } from "../model/viewer.ts";

/** The names under which a service is found, for `GET /v1/services/{name}/resources`. */
export type ResourceNames = {
  readonly listeners: readonly string[];
  readonly routes: readonly string[];
  readonly clusters: readonly string[];
  readonly endpoints: readonly string[];
};

export type ClientKind = "envoy-edge" | "envoy-sidecar" | "grpc";

/** What each kind of client asks for. None, where the client cannot call a service of this protocol. */
export function resourceNames(
  spec: ServiceSpec,
  allRoutes: readonly RouteSpec[],
): Readonly<Record<ClientKind, ResourceNames>> {
  const parts = [undefined, ...spec.subsets.map(({ name }) => name)];
  const behind = (listeners: readonly string[], ...routes: readonly string[]): ResourceNames => ({
    listeners,
    routes,
    clusters: parts.map((subset) => clusterName(spec, subset)),
    endpoints: parts.map((subset) => endpointResourceName(spec, subset)),
  });
  const routeOf = (host: string) =>
    allRoutes.find(({ hosts }) => hosts.some((each) => each.toLowerCase() === host.toLowerCase()));
  const grpcRoutes = new Set(spec.hosts.map((host) => grpcRoutesName(spec, routeOf(host))));
  return {
    "envoy-edge": canCall("envoy", spec) ? behind([listenerName("edge")], routesName("edge")) : none,
    "envoy-sidecar": canCall("envoy", spec) ? behind([listenerName("sidecar")], routesName("sidecar")) : none,
    grpc: canCall("grpc", spec) ? behind(spec.hosts.map(grpcListenerName), ...grpcRoutes) : none,
  };
}

const none: ResourceNames = { listeners: [], routes: [], clusters: [], endpoints: [] };

/** Envoy's listeners speak HTTP; gRPC speaks it over HTTP/2 only. */
export function canCall(flavour: Viewer["flavour"], { protocol }: ServiceSpec): boolean {
  return flavour === "envoy" ? protocol !== "tcp" : protocol === "grpc" || protocol === "http2";
}

/** `report`, `report|v1` of a subset: no name holds a `|`. */
export function clusterName({ name }: Pick<ServiceSpec, "name">, subset?: string): string {
  return subset === undefined ? name : `${name}|${subset}`;
}

/** All clusters of a service: itself, and its subsets. */
export function clusterNames(spec: ServiceSpec): readonly string[] {
  return [undefined, ...spec.subsets.map(({ name }) => name)].map((subset) => clusterName(spec, subset));
}

/** The name of the service that a cluster is of, or of a subset of; any other is given back. */
export function serviceOfCluster(cluster: string): string {
  return cluster.split("|", 1)[0] ?? cluster;
}

/** The same for every caller, whatever it is sent: docs/decisions/0003-eds-names.md. */
export function endpointResourceName(spec: Pick<ServiceSpec, "name">, subset?: string): string {
  return clusterName(spec, subset);
}

export type EnvoyRole = Extract<Viewer, { readonly flavour: "envoy" }>["role"];

export function listenerName(role: EnvoyRole): string {
  return role === "edge" ? "edge" : "outbound";
}

export function routesName(role: EnvoyRole): string {
  return listenerName(role);
}

/** `xds:///report` asks for the listener `report`. */
export function grpcListenerName(host: string): string {
  return host;
}

/**
 * Of what stands behind hosts: `report`, a service; `report/canary`, a service behind a Route; `-/canary`, a Route alone. No
 * service has such a name. Virtual hosts are called by it, and the routes of gRPC clients.
 */
export function entranceName(
  service: Pick<ServiceSpec, "name"> | undefined,
  route: { readonly name: string } | undefined,
): string {
  return route === undefined ? (service?.name ?? "-") : `${service?.name ?? "-"}/${route.name}`;
}

/** `report`, and `report/canary` for hosts that a Route is for. */
export function grpcRoutesName(
  service: Pick<ServiceSpec, "name"> | undefined,
  route?: { readonly name: string },
): string {
  return entranceName(service, route);
}
