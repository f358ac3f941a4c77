import { sortedBy } from "../lib/order.ts";
import type { Problem } from "../lib/parsed.ts";
import type { RouteSpec } from "../model/route.ts";
import type { ServiceSpec } from "../model/service.ts";
import { entranceName } from "./resource-names.ts";

/** Hosts that lead to the same: to a service, through a Route to a service, or to a Route alone. */
export type Entrance = {
  /** Of its virtual host, and of the routes of gRPC clients. */
  readonly name: string;
  /** Where a request goes that no rule of the Route takes. */
  readonly service: ServiceSpec | undefined;
  readonly route: RouteSpec | undefined;
  /** As they are dialled. */
  readonly hosts: readonly string[];
  /** What an Envoy's virtual host matches for them. */
  readonly domains: readonly string[];
};

export type Claims = {
  /** By name. */
  readonly entrances: readonly Entrance[];
  readonly problems: ReadonlyMap<ServiceSpec, readonly Problem[]>;
};

/**
 * Gives each host to one service and one Route. Envoy refuses all routes when two virtual hosts share a domain, so of services
 * that claim the same host the first by name has it, and the other goes without; so of Routes.
 */
export function claimHosts(services: readonly ServiceSpec[], routes: readonly RouteSpec[]): Claims {
  const routeOf = new Map<string, RouteSpec>();
  for (const route of routes)
    for (const host of route.hosts) if (!routeOf.has(host.toLowerCase())) routeOf.set(host.toLowerCase(), route);

  const serviceOf = new Map<string, ServiceSpec>();
  const problems = new Map(services.map((service) => [service, claimsOf(service, serviceOf)]));
  const hosts = [
    ...services.flatMap((service) =>
      service.hosts
        .filter((host, index) => isFirst(service.hosts, index) && serviceOf.get(host.toLowerCase()) === service)
        .map((host) => ({ host, service, route: routeOf.get(host.toLowerCase()) })),
    ),
    ...routes.flatMap((route) =>
      route.hosts
        .filter((host) => !serviceOf.has(host.toLowerCase()) && routeOf.get(host.toLowerCase()) === route)
        .map((host) => ({ host, service: undefined, route })),
    ),
  ];
  const together = Map.groupBy(hosts, ({ service, route }) => entranceName(service, route));
  const entrances = [...together].flatMap(([name, members]): readonly Entrance[] => {
    const [first] = members;
    if (!first) return [];
    const names = members.map(({ host }) => host);
    return [{ name, service: first.service, route: first.route, hosts: names, domains: names.flatMap(domainsOf) }];
  });
  return { entrances: sortedBy(entrances, ({ name }) => name), problems };
}

function claimsOf(service: ServiceSpec, serviceOf: Map<string, ServiceSpec>): readonly Problem[] {
  return service.hosts.flatMap((host, index) => {
    const owner = serviceOf.get(host.toLowerCase());
    if (owner === undefined) serviceOf.set(host.toLowerCase(), service);
    if (owner === undefined || owner === service) return [];
    return [{ at: `hosts[${index}]`, says: `"${host}" is left out: ${owner.name} has this host already` }];
  });
}

function isFirst(hosts: readonly string[], index: number): boolean {
  return hosts.findIndex((host) => host.toLowerCase() === hosts[index]?.toLowerCase()) === index;
}

/** With any port and without: an HTTP client puts the port it dials into the authority. Domains are not case-sensitive. */
function domainsOf(host: string): readonly string[] {
  const domain = host.toLowerCase();
  return domain.includes("*") || domain.includes(":") ? [domain] : [domain, `${domain}:*`];
}
