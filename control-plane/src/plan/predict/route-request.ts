import { matchesOf } from "../../model/covers-match.ts";
import type { Fault, RouteMatch, RouteRule } from "../../model/route.ts";
import type { Viewer } from "../../model/viewer.ts";
import type { Entrance } from "../../translate/domains.ts";
import { takesFault } from "../../translate/filter/filter-overrides.ts";
import { type Destinations, type Target, targetsOf, wholeOf } from "../../translate/targets.ts";
import { matchesHeaders, matchesRequest } from "./matches-request.ts";
import type { Request } from "./request.ts";

/** A way that requests take, and the part of them that takes it. */
export type Way = {
  readonly share: number;
  /** Undefined: no rule takes them, and they go where they would without a Route. */
  readonly rule: { readonly route: string; readonly name: string; readonly rule: RouteRule } | undefined;
  /** Of these, what a fault of the rule ends before they get anywhere. */
  readonly aborted: number;
  /** None: the client answers itself that there is nobody it could call. */
  readonly targets: readonly Target[];
};

/** The ways of such requests through an entrance, in the order in which they are tried; what is missing to 1 no route takes. */
export function waysOf(
  { service, route }: Entrance,
  request: Request,
  flavour: Viewer["flavour"],
  destinationOf: Destinations,
): readonly Way[] {
  let left = 1;
  const ways: Way[] = [];
  for (const [index, rule] of (route?.rules ?? []).entries()) {
    const targets = targetsOf(rule.backends, destinationOf);
    // A gRPC client is not told of a rule that leads to nobody whom it can call.
    if (targets.length === 0 && flavour === "grpc") continue;
    let taken = 0;
    let aborted = 0;
    // Each way to match draws for its own percentage.
    for (const match of matchesOf(rule)) {
      if (!matchesRequest(match, request, flavour)) continue;
      const part = ((left - taken) * match.percent) / 100;
      taken += part;
      aborted += part * abortedPart(rule.fault, match, request, flavour);
    }
    if (taken === 0) continue;
    left -= taken;
    const name = rule.name ?? String(index);
    const by = { route: route?.name ?? "", name, rule };
    ways.push({ share: taken, aborted: aborted / taken, rule: by, targets });
  }
  const rest = service && targetsOf([wholeOf(service)], destinationOf);
  return left > 0 && rest && rest.length > 0
    ? [...ways, { share: left, aborted: 0, rule: undefined, targets: rest }]
    : ways;
}

const asksForIt = ["x-envoy-fault-abort-request", "x-envoy-fault-abort-grpc-request"];

function abortedPart(
  fault: Fault | undefined,
  match: RouteMatch,
  request: Request,
  flavour: Viewer["flavour"],
): number {
  if (!fault?.abort || !takesFault(fault, flavour, match) || !matchesHeaders(fault.onHeaders, request)) return 0;
  if (fault.abort.with.kind === "from-header" && !asksForIt.some((name) => request.headers.has(name))) return 0;
  return fault.abort.percent / 100;
}
