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
export function resourceNames(spec: ServiceSpec): Readonly<Record<ClientKind, ResourceNames>> {
  const behind = (listeners: readonly string[], routes: string): ResourceNames => ({
    listeners,
    routes: [routes],
    clusters: [clusterName(spec)],
    endpoints: [endpointResourceName(spec)],
  });
  return {
    "envoy-edge": canCall("envoy", spec) ? behind([listenerName("edge")], routesName("edge")) : none,
    "envoy-sidecar": canCall("envoy", spec) ? behind([listenerName("sidecar")], routesName("sidecar")) : none,
    grpc: canCall("grpc", spec) ? behind(spec.hosts.map(grpcListenerName), grpcRoutesName(spec)) : none,
  };
}

const none: ResourceNames = { listeners: [], routes: [], clusters: [], endpoints: [] };

/** Envoy's listeners speak HTTP; gRPC speaks it over HTTP/2 only. */
export function canCall(flavour: Viewer["flavour"], { protocol }: ServiceSpec): boolean {
  return flavour === "envoy" ? protocol !== "tcp" : protocol === "grpc" || protocol === "http2";
}

export function clusterName({ name }: ServiceSpec): string {
  return name;
}

/** The same for every caller, whatever it is sent: docs/decisions/0003-eds-names.md. */
export function endpointResourceName(spec: ServiceSpec): string {
  return clusterName(spec);
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

export function grpcRoutesName({ name }: ServiceSpec): string {
  return name;
}
