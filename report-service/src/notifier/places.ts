/** Who may be sent to at the same time: a receiver that is slow or gone delays no other. */
export type Places = {
  /** Undefined where there is none left. */
  take(host: string, tenant: string): Place | undefined;
  /** Whether it is this host or tenant that has had its share. */
  isCrowded(host: string, tenant: string): boolean;
};

export type Place = { end(how: "delivered" | "failed" | "skipped"): void };

// A host whose last message failed gets one place until one succeeds.
const most = { all: 64, tenant: 24, host: 8, failingHost: 1 };
const mostRemembered = 10_000;

export function createPlaces(): Places {
  const hosts = new Map<string, number>();
  const tenants = new Map<string, number>();
  const failing = new Set<string>();
  let all = 0;

  const isCrowded = (host: string, tenant: string): boolean =>
    (hosts.get(host) ?? 0) >= (failing.has(host) ? most.failingHost : most.host) ||
    (tenants.get(tenant) ?? 0) >= most.tenant;

  return {
    isCrowded,
    take(host, tenant) {
      if (all >= most.all || isCrowded(host, tenant)) return undefined;
      all += 1;
      add(hosts, host, 1);
      add(tenants, tenant, 1);
      return {
        end(how) {
          all -= 1;
          add(hosts, host, -1);
          add(tenants, tenant, -1);
          if (how === "delivered") failing.delete(host);
          else if (how === "failed" && failing.size < mostRemembered) failing.add(host);
        },
      };
    },
  };
}

function add(counts: Map<string, number>, name: string, count: number): void {
  const now = (counts.get(name) ?? 0) + count;
  if (now > 0) counts.set(name, now);
  else counts.delete(name);
}
