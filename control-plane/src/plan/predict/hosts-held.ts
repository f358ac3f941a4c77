import type { TrafficPolicy } from "../../model/policy.ts";
import { addressText } from "../../model/service.ts";
import type { Viewer } from "../../model/viewer.ts";
import type { Member, SpreadLocality } from "../../translate/spread/spread-endpoints.ts";
import type { Condition, Trouble } from "./condition.ts";
import { ejectedAmong } from "./ejected-among.ts";
import type { Host, Level } from "./host.ts";

/** A client's endpoints by priority, each with what the client makes of it once it has seen what is wrong. */
export function hostsHeld(
  spread: readonly SpreadLocality[],
  policy: TrafficPolicy,
  flavour: Viewer["flavour"],
  condition: Condition,
): readonly Level[] {
  const ejected = ejectedAmong(spread, policy, flavour, condition);
  const hostOf = (member: Member): Host => {
    const address = addressText(member.endpoint.address);
    const trouble = condition.get(address);
    const isNoticed =
      trouble !== undefined && (ejected.has(address) || isNoticedWithoutEjection(trouble, policy, flavour));
    return {
      address,
      weight: member.weight,
      state: isNoticed ? "unusable" : stateOf(member, flavour),
      isGiven: flavour === "envoy" || member.health === "serving",
      fails: trouble !== undefined || member.health === "failing",
    };
  };
  const count = Math.max(-1, ...spread.map(({ priority }) => priority)) + 1;
  return Array.from({ length: count }, (_, level) =>
    spread
      .filter(({ priority }) => priority === level)
      .map(({ locality, weight, members }) => ({ locality, weight, hosts: members.map(hostOf) })),
  );
}

/**
 * A gRPC client knows from its connections who is gone, and Envoy from its health checks, where it makes any; otherwise
 * Envoy has outlier detection only.
 */
function isNoticedWithoutEjection(
  trouble: Trouble,
  { healthCheck }: TrafficPolicy,
  flavour: Viewer["flavour"],
): boolean {
  if (trouble === "ejected") return true;
  return trouble === "gone" && (flavour === "grpc" || healthCheck.kind === "on");
}

/** gRPC uses healthy endpoints only (gRFC A27); to Envoy draining ones are unhealthy. */
function stateOf({ health }: Member, flavour: Viewer["flavour"]): Host["state"] {
  if (health === "serving") return "healthy";
  return health === "degraded" && flavour === "envoy" ? "degraded" : "unusable";
}
