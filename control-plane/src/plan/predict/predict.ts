import type { TrafficPolicy } from "../../model/policy.ts";
import type { Viewer } from "../../model/viewer.ts";
import type { SpreadLocality } from "../../translate/spread/spread-endpoints.ts";
import { type Condition, nothingWrong } from "./condition.ts";
import { envoyBalance } from "./envoy-balance.ts";
import { grpcBalance } from "./grpc-balance.ts";
import { hostsHeld } from "./hosts-held.ts";
import type { Prediction } from "./prediction.ts";

/**
 * Where the requests of a client go that holds these endpoints (what `spreadEndpoints` gives, which is what it is sent), in
 * the condition they are in, once it had the time to notice that. Hashing policies are taken to see evenly spread hashes
 * unless requests have this one, and least request clients to have few requests in flight.
 */
export function predictShares(
  spread: readonly SpreadLocality[],
  policy: TrafficPolicy,
  flavour: Viewer["flavour"],
  condition: Condition = nothingWrong,
  hash?: bigint,
): Prediction {
  const levels = hostsHeld(spread, policy, flavour, condition);
  const { loads, panics, hosts } =
    flavour === "envoy" ? envoyBalance(levels, policy, hash) : grpcBalance(levels, policy.loadBalancer, hash);
  const shareOf = new Map(hosts.map(({ host, share }) => [host, share]));
  const endpoints = levels.flatMap((level, priority) =>
    level.flatMap(({ locality, hosts: there }) =>
      there.map((host) => ({ address: host.address, locality, priority, share: shareOf.get(host) ?? 0 })),
    ),
  );
  const answered = hosts.filter(({ host }) => !host.fails).reduce((sum, { share }) => sum + share, 0);
  return {
    priorities: levels.map((_, priority) => ({
      priority,
      load: loads[priority] ?? 0,
      panic: panics[priority] ?? false,
    })),
    localities: levels.flatMap((level, priority) =>
      level.map(({ locality, hosts: there }) => ({
        locality,
        priority,
        share: there.reduce((sum, host) => sum + (shareOf.get(host) ?? 0), 0),
      })),
    ),
    endpoints,
    failed: withoutNoise(1 - answered),
  };
}

/** Sums of many small shares are off by what floating point leaves. */
function withoutNoise(share: number): number {
  return share < 1e-9 ? 0 : share;
}
