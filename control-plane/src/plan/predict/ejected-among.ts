import type { OutlierDetection, TrafficPolicy } from "../../model/policy.ts";
import { addressText } from "../../model/service.ts";
import type { Viewer } from "../../model/viewer.ts";
import type { SpreadLocality } from "../../translate/spread/spread-endpoints.ts";
import type { Condition } from "./condition.ts";

/**
 * The endpoints that outlier detection takes out. Both kinds of client count over all priorities of a cluster. Envoy ejects
 * as long as no more than the percentage would be out with the next one (source/common/upstream/outlier_detection_impl.cc,
 * `ejectHost`), gRPC as long as less than the percentage is out (gRFC A50), so 10 % of nine are none there and one here.
 * Where more fail than may be ejected it is those of the first priorities, which get requests first; in one of them it is
 * chance, and here they are taken from the localities in turn.
 *
 * Ejection by success rate is not foreseen: whether it strikes depends on how the others do.
 */
export function ejectedAmong(
  spread: readonly SpreadLocality[],
  { outlierDetection }: TrafficPolicy,
  flavour: Viewer["flavour"],
  condition: Condition,
): ReadonlySet<string> {
  const byPriority = [...Map.groupBy(spread, ({ priority }) => priority)].sort(([a], [b]) => a - b);
  const held = byPriority.flatMap(([, localities]) => inTurn(localities.map(addressesOf)));
  const all = flavour === "grpc" ? held.length : spread.flatMap(({ members }) => members).length;
  if (!detects(outlierDetection, flavour, all)) return new Set();
  const failing = held.filter((address) => isSeen(condition.get(address), flavour));
  const percent = outlierDetection.maxEjectionPercent;
  const most = flavour === "envoy" ? Math.floor((percent * all) / 100) : Math.ceil((percent * all) / 100);
  return new Set(failing.slice(0, most));
}

/** Those that get requests: a gRPC client is not given the others, and Envoy sends them nothing to count. */
function addressesOf({ members }: SpreadLocality): readonly string[] {
  return members
    .filter(({ health }) => health === "serving" || health === "degraded")
    .map(({ endpoint }) => addressText(endpoint.address));
}

/** A failed connection counts as an error to Envoy; gRPC counts calls only, and none is sent where there is no connection. */
function isSeen(trouble: ReturnType<Condition["get"]>, flavour: Viewer["flavour"]): boolean {
  return trouble === "erring" || (trouble === "gone" && flavour === "envoy");
}

function detects(
  policy: OutlierDetection,
  flavour: Viewer["flavour"],
  hosts: number,
): policy is Extract<OutlierDetection, { kind: "on" }> {
  if (policy.kind === "off") return false;
  const { enforcing, minimumHosts } = policy.failurePercentage;
  const byPercentage = enforcing > 0 && hosts >= minimumHosts;
  const inARow = flavour === "envoy" && (policy.consecutive5xxErrors > 0 || policy.consecutiveGatewayErrors > 0);
  return byPercentage || inARow;
}

/** The first of each list, then the second of each, and so on. */
function inTurn<T>(lists: readonly (readonly T[])[]): readonly T[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1))).flat();
}
