import { create } from "@bufbuild/protobuf";
import { anyPack, durationFromMs } from "@bufbuild/protobuf/wkt";
import { TrafficDirection } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import { type Listener, ListenerSchema } from "@weir/proto/envoy/config/listener/v3/listener_pb.ts";
import {
  type HttpConnectionManager,
  HttpConnectionManager_CodecType,
  HttpConnectionManager_PathWithEscapedSlashesAction,
  HttpConnectionManagerSchema,
} from "@weir/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import type { Endpoint } from "../../model/service.ts";
import type { Viewer } from "../../model/viewer.ts";
import { adsSource } from "../ads-source.ts";
import type { Limiter } from "../filter/global-rate-limit.ts";
import { envoyHttpFilters, grpcHttpFilters } from "../filter/http-filters.ts";
import { listenerName, routesName } from "../resource-names.ts";

/** The one listener through which an Envoy takes calls to every service; `limiters` are the rate-limit services that routes ask. */
export function envoyListenerOf(
  { role, listen }: Pick<Extract<Viewer, { readonly flavour: "envoy" }>, "role" | "listen">,
  limiters: readonly Limiter[],
): Listener {
  return httpListenerOf({
    name: listenerName(role),
    routes: routesName(role),
    listen,
    direction: role === "edge" ? TrafficDirection.INBOUND : TrafficDirection.OUTBOUND,
    limiters,
    forStrangers: role === "edge",
  });
}

type HttpListener = {
  readonly name: string;
  readonly routes: string;
  readonly listen: Endpoint["address"];
  readonly direction: TrafficDirection;
  readonly limiters: readonly Limiter[];
  /** Is it open to those who are not ours? */
  readonly forStrangers: boolean;
};

/** A listener of an Envoy that takes HTTP of any version and asks for its routes by name. */
export function httpListenerOf({ name, routes, listen, direction, limiters, forStrangers }: HttpListener): Listener {
  const value = { address: listen.host, portSpecifier: { case: "portValue", value: listen.port } } as const;
  const manager = connectionManagerOf({ name, routes, limiters, forStrangers });
  return create(ListenerSchema, {
    name,
    address: { address: { case: "socketAddress", value } },
    trafficDirection: direction,
    filterChains: [
      {
        filters: [
          {
            name: "envoy.filters.network.http_connection_manager",
            configType: { case: "typedConfig", value: anyPack(HttpConnectionManagerSchema, manager) },
          },
        ],
      },
    ],
  });
}

/** What `xds:///host` resolves to. A gRPC client refuses a listener without the router filter (gRFC A39). */
export function grpcListenerOf(name: string, routes: string): Listener {
  const manager = create(HttpConnectionManagerSchema, {
    statPrefix: name,
    routeSpecifier: { case: "rds", value: { configSource: adsSource(), routeConfigName: routes } },
    httpFilters: grpcHttpFilters(),
  });
  return create(ListenerSchema, { name, apiListener: { apiListener: anyPack(HttpConnectionManagerSchema, manager) } });
}

function connectionManagerOf({
  name,
  routes,
  limiters,
  forStrangers,
}: Pick<HttpListener, "name" | "routes" | "limiters" | "forStrangers">): HttpConnectionManager {
  return create(HttpConnectionManagerSchema, {
    statPrefix: name,
    codecType: HttpConnectionManager_CodecType.AUTO,
    routeSpecifier: { case: "rds", value: { configSource: adsSource(), routeConfigName: routes } },
    httpFilters: envoyHttpFilters(limiters),
    serverName: "weir",
    generateRequestId: true,
    commonHttpProtocolOptions: { idleTimeout: durationFromMs(3_600_000) },
    // Routes say their own; this is for requests that match none.
    streamIdleTimeout: durationFromMs(300_000),
    http2ProtocolOptions: {
      // Envoy's own advice for an edge is 100, but one gRPC channel is one connection for all of its calls.
      maxConcurrentStreams: 1024,
      initialStreamWindowSize: 65_536,
      initialConnectionWindowSize: 1_048_576,
      connectionKeepalive: { interval: durationFromMs(30_000), timeout: durationFromMs(5_000) },
    },
    ...(forStrangers && againstStrangers),
  });
}

/**
 * From Envoy's "Configuring Envoy as an edge proxy", as far as gRPC bears it: metadata keys may hold underscores, so headers
 * with them are let in, and the limit on receiving a whole request is left out, for it would end client streams.
 */
const againstStrangers = {
  useRemoteAddress: true,
  normalizePath: true,
  mergeSlashes: true,
  pathWithEscapedSlashesAction: HttpConnectionManager_PathWithEscapedSlashesAction.UNESCAPE_AND_REDIRECT,
  requestHeadersTimeout: durationFromMs(10_000),
};
