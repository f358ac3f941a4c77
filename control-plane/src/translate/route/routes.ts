import { create } from "@bufbuild/protobuf";
import { type VirtualHost, VirtualHostSchema } from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import { type RouteConfiguration, RouteConfigurationSchema } from "@weir/proto/envoy/config/route/v3/route_pb.ts";
import type { Viewer } from "../../model/viewer.ts";
import type { Entrance } from "../domains.ts";
import type { Limiter } from "../filter/global-rate-limit.ts";
import { type Destination, type Destinations, targetsOf, wholeOf } from "../targets.ts";
import { percentWindowsOf } from "./percent-windows.ts";
import { nothingInstead, routeActionOf } from "./route-action.ts";
import { type RouteMessage, routesOfRule } from "./route-rule.ts";

export type RouteContext = { readonly destinationOf: Destinations; readonly limiters: readonly Limiter[] };

/** All that comes through an entrance: first what its Route's rules take, in their order, then what goes to its service. */
export function virtualHostOf(
  { name, service, route }: Entrance,
  domains: readonly string[],
  flavour: Viewer["flavour"],
  context: RouteContext,
): VirtualHost {
  const rules = route?.rules ?? [];
  const windows = flavour === "envoy" ? percentWindowsOf(rules) : [];
  const ruled = rules.flatMap((rule, index) =>
    routesOfRule(rule, `${route?.name}/${rule.name ?? index}`, flavour, context, windows[index]),
  );
  const destination = service && context.destinationOf(service.name);
  const routes = destination ? [...ruled, wholeService(destination, flavour, context)] : ruled;
  return create(VirtualHostSchema, { name, domains: [...domains], routes });
}

export function routeConfigurationOf(name: string, virtualHosts: readonly VirtualHost[]): RouteConfiguration {
  return create(RouteConfigurationSchema, { name, virtualHosts: [...virtualHosts] });
}

function wholeService(
  destination: Destination,
  flavour: Viewer["flavour"],
  { destinationOf }: RouteContext,
): RouteMessage {
  const targets = targetsOf([wholeOf(destination.spec)], () => destination);
  return {
    match: { pathSpecifier: { case: "prefix", value: "/" } },
    action: { case: "route", value: routeActionOf(targets, destination, nothingInstead, flavour, destinationOf) },
  };
}
