import type { EndpointId, ServiceName } from "../../model/names.ts";
import { addressText, type Endpoint } from "../../model/service.ts";
import { sameEndpoint } from "../keep-identity.ts";

/** An endpoint that registered itself, and until when that holds. */
export type Lease = {
  readonly service: ServiceName;
  readonly endpoint: Endpoint;
  /** 0: until removed. */
  readonly leaseSeconds: number;
  readonly registeredAt: Date;
  readonly renewedAt: Date;
  /** By the monotonic clock; undefined: until removed. */
  readonly expiresMs: number | undefined;
};

export type Clock = { readonly now: Date; readonly monotonicMs: number };

/** Registers or renews. A renewal does not end a draining: the instance that leaves goes on renewing until it is gone. */
export function afterPut(
  before: Lease | undefined,
  { service, endpoint: given, leaseSeconds }: Pick<Lease, "service" | "endpoint" | "leaseSeconds">,
  { now, monotonicMs }: Clock,
  spareMs = 0,
): { readonly lease: Lease; readonly change: "created" | "changed" | "none" } {
  const drains = before?.endpoint.health === "draining" && given.health === "serving";
  const asked: Endpoint = drains ? { ...given, health: "draining" } : given;
  const endpoint = before && sameEndpoint(before.endpoint, asked) ? before.endpoint : asked;
  const lease: Lease = {
    service,
    endpoint,
    leaseSeconds,
    registeredAt: before?.registeredAt ?? now,
    renewedAt: now,
    expiresMs: leaseSeconds === 0 ? undefined : monotonicMs + leaseSeconds * 1000 + spareMs,
  };
  if (!before) return { lease, change: "created" };
  return { lease, change: endpoint === before.endpoint && leaseSeconds === before.leaseSeconds ? "none" : "changed" };
}

/**
 * The endpoints of a service's leases. An instance that restarts under a new id has two leases for its address until the old
 * one ends: the newer counts.
 */
export function endpointsOf(leases: Iterable<Lease>): readonly Endpoint[] {
  const byAddress = new Map<string, Lease>();
  for (const lease of leases) {
    const address = addressText(lease.endpoint.address);
    const other = byAddress.get(address);
    if (!other || isNewer(lease, other)) byAddress.set(address, lease);
  }
  return [...byAddress.values()].map(({ endpoint }) => endpoint);
}

/** Of two that came in the same millisecond it is the same one in every replica. */
function isNewer(a: Lease, b: Lease): boolean {
  const [atA, atB] = [a.registeredAt.getTime(), b.registeredAt.getTime()];
  return atA > atB || (atA === atB && a.endpoint.id > b.endpoint.id);
}

/** How long until something has to be done about these leases, in milliseconds; undefined when none of them ends. */
export function nextEndMs(leases: Iterable<Lease>, monotonicMs: number): number | undefined {
  let earliest: number | undefined;
  for (const { expiresMs } of leases) {
    if (expiresMs !== undefined && (earliest === undefined || expiresMs < earliest)) earliest = expiresMs;
  }
  return earliest === undefined ? undefined : Math.max(0, earliest - monotonicMs);
}

/** `service/id`; a service's name has no slash. */
export function leaseKey(service: ServiceName, id: EndpointId): string {
  return `${service}/${id}`;
}
