import type { Problem } from "../lib/parsed.ts";
import type { ServiceSpec } from "../model/service.ts";

/** The hosts that a service is reached by, and what an Envoy's virtual host matches for them. */
export type Hosts = { readonly hosts: readonly string[]; readonly domains: readonly string[] };

export type HostClaims = ReadonlyMap<ServiceSpec, Hosts & { readonly problems: readonly Problem[] }>;

/**
 * Gives each host to one service. Envoy refuses all routes when two virtual hosts share a domain, so of services that claim
 * the same host the first by name has it, and the other goes without.
 */
export function claimHosts(specs: readonly ServiceSpec[]): HostClaims {
  const takenBy = new Map<string, string>();
  return new Map(
    specs.map((spec) => {
      const problems: Problem[] = [];
      const hosts = spec.hosts.filter((host, index) => {
        const domains = domainsOf(host);
        const owner = domains.map((domain) => takenBy.get(domain)).find((name) => name !== undefined);
        if (owner !== undefined && owner !== spec.name)
          problems.push({ at: `hosts[${index}]`, says: `"${host}" is left out: ${owner} has this host already` });
        if (owner !== undefined) return false;
        for (const domain of domains) takenBy.set(domain, spec.name);
        return true;
      });
      return [spec, { hosts, domains: hosts.flatMap(domainsOf), problems }];
    }),
  );
}

/** With any port and without: an HTTP client puts the port it dials into the authority. Domains are not case-sensitive. */
function domainsOf(host: string): readonly string[] {
  const domain = host.toLowerCase();
  return domain.includes("*") || domain.includes(":") ? [domain] : [domain, `${domain}:*`];
}
