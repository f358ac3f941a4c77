import { matchesOf } from "../../model/covers-match.ts";
import type { RouteRule } from "../../model/route.ts";
import type { Viewer } from "../../model/viewer.ts";
import type { Entrance } from "../../translate/domains.ts";
import { type Destinations, type Target, targetsOf, wholeOf } from "../../translate/targets.ts";
import { matchesRequest } from "./matches-request.ts";
import type { Request } from "./request.ts";

/** A way that requests take, and the part of them that takes it. */
export type Way = {
  readonly share: number;
  /** Undefined: no rule takes them, and they go where they would without a Route. */
  readonly rule: { readonly route: string; readonly name: string; readonly rule: RouteRule } | undefined;
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
    const before = left;
    // Each way to match draws for its own percentage.
    for (const match of matchesOf(rule))
      if (matchesRequest(match, request, flavour)) left -= (left * match.percent) / 100;
    const name = rule.name ?? String(index);
    if (left < before) ways.push({ share: before - left, rule: { route: route?.name ?? "", name, rule }, targets });
  }
  const rest = service && targetsOf([wholeOf(service)], destinationOf);
  return left > 0 && rest && rest.length > 0 ? [...ways, { share: left, rule: undefined, targets: rest }] : ways;
}
