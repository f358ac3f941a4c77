import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { type Listener, ListenerSchema } from "@weir/proto/envoy/config/listener/v3/listener_pb.ts";
import { RouterSchema } from "@weir/proto/envoy/extensions/filters/http/router/v3/router_pb.ts";
import { HttpConnectionManagerSchema } from "@weir/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";

/** A listener on this port of the loopback address that answers every request with its own name. */
export function listenerOf(name: string, port: number): Listener {
  const body = { specifier: { case: "inlineString", value: name } } as const;
  const answer = { case: "directResponse", value: { status: 200, body } } as const;
  const everything = { match: { pathSpecifier: { case: "prefix", value: "/" } }, action: answer } as const;
  const http = create(HttpConnectionManagerSchema, {
    statPrefix: name,
    routeSpecifier: {
      case: "routeConfig",
      value: { name, virtualHosts: [{ name, domains: ["*"], routes: [everything] }] },
    },
    httpFilters: [
      {
        name: "envoy.filters.http.router",
        configType: { case: "typedConfig", value: anyPack(RouterSchema, create(RouterSchema)) },
      },
    ],
  });
  const filter = {
    name: "envoy.filters.network.http_connection_manager",
    configType: { case: "typedConfig", value: anyPack(HttpConnectionManagerSchema, http) },
  } as const;
  return create(ListenerSchema, {
    name,
    address: {
      address: {
        case: "socketAddress",
        value: { address: "127.0.0.1", portSpecifier: { case: "portValue", value: port } },
      },
    },
    filterChains: [{ filters: [filter] }],
  });
}
