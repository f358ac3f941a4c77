import type { ClusterLook, HostLook } from "./envoy-clusters.ts";

type Counters = {
  readonly overflow: number;
  readonly panic: number;
  readonly hosts: ReadonlyMap<string, Pick<HostLook, "requests" | "errors">>;
};

export type HostTrouble = {
  readonly service: string;
  readonly address: string;
  readonly locality: string;
  readonly state: "enforced" | "suppressed";
  readonly since: Date;
  readonly flags: readonly string[];
  readonly successRate: number | undefined;
  /** How many looks ago it was last seen failing; a suppressed one is forgotten after two. */
  readonly quiet: number;
};

/** What one client tells of its endpoints, and what of its counters is needed to tell more next time. */
export type ClientTroubles = {
  readonly at: Date;
  /** Locality of each endpoint that it knows, by `endpointKey`. */
  readonly sees: ReadonlyMap<string, string>;
  readonly hosts: ReadonlyMap<string, HostTrouble>;
  /** Since when; by service. */
  readonly panics: ReadonlyMap<string, Date>;
  /** By `service\nbreaker`. */
  readonly breakers: ReadonlyMap<string, Date>;
  readonly counters: ReadonlyMap<string, Counters>;
};

export function endpointKey(service: string, address: string): string {
  return `${service}\n${address}`;
}

// Half of what an endpoint was sent has to fail before it is called the one that was to be ejected: Envoy counts ejections that
// were suppressed by cluster, and does not say of whom.
const failingShare = 0.5;

/**
 * What a client's endpoints are like now, after what they were like at the last look. Envoy says of an endpoint whether it is
 * ejected; panic and suppressed ejections are counters, which tell by having grown.
 */
export function clientTroubles(
  before: ClientTroubles | undefined,
  clusters: readonly ClusterLook[],
  serviceOf: (cluster: string) => string | undefined,
  at: Date,
): ClientTroubles {
  const sees = new Map<string, string>();
  const hosts = new Map<string, HostTrouble>();
  const panics = new Map<string, Date>();
  const breakers = new Map<string, Date>();
  const counters = new Map<string, Counters>();
  for (const { cluster, hosts: all, overflow, panic, breakersOpen } of clusters) {
    const service = serviceOf(cluster);
    if (service === undefined) continue;
    const old = before?.counters.get(cluster);
    counters.set(cluster, { overflow, panic, hosts: new Map(all.map((host) => [host.address, host])) });
    const isSuppressing = old !== undefined && overflow > old.overflow;
    if (old !== undefined && panic > old.panic) panics.set(service, before?.panics.get(service) ?? before?.at ?? at);
    for (const breaker of breakersOpen) {
      const key = `${service}\n${breaker}`;
      breakers.set(key, before?.breakers.get(key) ?? at);
    }
    for (const host of all) {
      const key = endpointKey(service, host.address);
      sees.set(key, host.locality);
      const known = before?.hosts.get(key);
      const state = stateOf(host, isSuppressing && isFailing(host, old.hosts.get(host.address)), known);
      // Of several clusters of a service that have this endpoint, the one that ejected it counts.
      if (state === undefined || hosts.get(key)?.state === "enforced") continue;
      const isSeen = state === "enforced" || (isSuppressing && isFailing(host, old.hosts.get(host.address)));
      const { address, locality, flags, successRate } = host;
      hosts.set(key, {
        ...{ service, address, locality, state, flags, successRate },
        since: known?.state === state ? known.since : at,
        quiet: isSeen ? 0 : (known?.quiet ?? 0) + 1,
      });
    }
  }
  return { at, sees, hosts, panics, breakers, counters };
}

function stateOf(
  { isEjected }: HostLook,
  isSuppressed: boolean,
  known: HostTrouble | undefined,
): HostTrouble["state"] | undefined {
  if (isEjected) return "enforced";
  if (isSuppressed) return "suppressed";
  return known?.state === "suppressed" && known.quiet < 2 ? "suppressed" : undefined;
}

function isFailing(
  { requests, errors }: HostLook,
  before: Counters["hosts"] extends ReadonlyMap<string, infer Host> ? Host | undefined : never,
): boolean {
  const failed = errors - (before?.errors ?? 0);
  return failed > 0 && failed >= failingShare * (requests - (before?.requests ?? 0));
}
