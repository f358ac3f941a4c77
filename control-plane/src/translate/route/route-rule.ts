import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  HeaderValueOption_HeaderAppendAction as Append,
  type HeaderValueOptionSchema,
} from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import type { RouteSchema } from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import { matchesOf } from "../../model/covers-match.ts";
import type { HeaderEdits, RouteMatch, RouteRule } from "../../model/route.ts";
import type { Viewer } from "../../model/viewer.ts";
import { faultyMatch, filterOverridesOf } from "../filter/filter-overrides.ts";
import type { Limiter } from "../filter/global-rate-limit.ts";
import { type Destinations, targetsOf } from "../targets.ts";
import { type PercentWindow, partOfWindow } from "./percent-windows.ts";
import { routeActionOf } from "./route-action.ts";
import { routeMatchesOf } from "./route-match.ts";

export type RouteMessage = MessageInitShape<typeof RouteSchema>;
type Filtered = Pick<RouteRule, "fault" | "rateLimit" | "sessionAffinity">;

const all: PercentWindow = { from: 0, to: 100 };

/**
 * A rule as routes, one for each of its ways to match. Where a client can call none of its back ends, Envoy answers for it; a
 * gRPC client is not told of the rule, for it has no answer of its own: a later rule may take those requests. `windows` are
 * those of its ways, for Envoy.
 */
export function routesOfRule(
  rule: RouteRule,
  name: string,
  flavour: Viewer["flavour"],
  { destinationOf, limiters }: { readonly destinationOf: Destinations; readonly limiters: readonly Limiter[] },
  windows: readonly PercentWindow[] = [],
): readonly RouteMessage[] {
  const routesFor = (match: RouteMatch, filtered: Filtered, window = all): readonly RouteMessage[] => {
    const mirrors = rule.mirrors.map((mirror) => ({ ...mirror, percent: partOfWindow(window, mirror.percent) }));
    const action = actionOf({ ...rule, mirrors }, flavour, destinationOf);
    if (action === undefined) return [];
    const common: RouteMessage = { name, action, ...(flavour === "envoy" && headersOf(rule)) };
    const typedPerFilterConfig = filterOverridesOf(filtered, flavour, { name, limiters });
    const config = Object.keys(typedPerFilterConfig).length > 0 && { typedPerFilterConfig };
    return routeMatchesOf(match, flavour).map((each) => ({ ...common, ...config, match: each }));
  };
  return matchesOf(rule).flatMap((match, index) => {
    const window = windows[index];
    if (window) return routesFor({ ...match, percent: window.to }, rule, window);
    const faulty = flavour === "grpc" && rule.fault ? faultyMatch(rule.fault, match) : undefined;
    if (!faulty || !rule.fault) return routesFor(match, rule);
    return [...routesFor(faulty, { ...rule, fault: { ...rule.fault, onHeaders: [] } }), ...routesFor(match, rule)];
  });
}

function actionOf(
  rule: RouteRule,
  flavour: Viewer["flavour"],
  destinationOf: Destinations,
): NonNullable<RouteMessage["action"]> | undefined {
  const targets = targetsOf(rule.backends, destinationOf);
  const destination = rule.backends.map(({ service }) => destinationOf(service)).find((each) => each !== undefined);
  if (destination && targets.length > 0)
    return { case: "route", value: routeActionOf(targets, destination, rule, flavour, destinationOf) };
  return flavour === "envoy" ? { case: "directResponse", value: { status: 503 } } : undefined;
}

function headersOf({ requestHeaders, responseHeaders }: RouteRule): RouteMessage {
  return {
    requestHeadersToAdd: additionsOf(requestHeaders),
    requestHeadersToRemove: [...requestHeaders.remove],
    responseHeadersToAdd: additionsOf(responseHeaders),
    responseHeadersToRemove: [...responseHeaders.remove],
  };
}

function additionsOf({ set, add }: HeaderEdits): MessageInitShape<typeof HeaderValueOptionSchema>[] {
  return [
    ...set.map((header) => ({ header: literally(header), appendAction: Append.OVERWRITE_IF_EXISTS_OR_ADD })),
    ...add.map((header) => ({ header: literally(header), appendAction: Append.APPEND_IF_EXISTS_OR_ADD })),
  ];
}

/** Envoy fills in `%…%`; what stands in a document is meant as it stands. */
function literally({ name, value }: HeaderEdits["set"][number]) {
  return { key: name, value: value.replaceAll("%", "%%") };
}
