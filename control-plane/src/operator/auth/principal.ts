import type { Role } from "../../model/role.ts";

/** Who asks, and what that is known by. */
export type Principal = {
  /** What the journal shows. */
  readonly name: string;
  readonly role: Role;
  /** What a shifter may touch, as `report`, `team-*` or `*`; admins may touch everything, viewers nothing. */
  readonly services: readonly string[];
  readonly datacenters: readonly string[];
  /** What else a shifter may touch, who has several groups: services of one in the data centers of another are none of his. */
  readonly also?: readonly Reach[];
  readonly knownBy: "token" | "certificate" | "oidc";
  /** Whom an OpenID provider calls so, and who that is: `https://sso.example 248289761001`. Names may be given to others, this is not. */
  readonly subject?: string;
};

export type Reach = Pick<Principal, "services" | "datacenters">;

/** What a change would move: of which services, in which data centers; `all` for what is not about single ones. */
export type Touched = { readonly services: readonly string[]; readonly datacenters: readonly string[] | "all" };

/** The services and data centers that it would touch and may not; empty when it may. */
export function outOfReach(
  { role, services, datacenters, also = [] }: Principal,
  touched: Touched,
): { readonly services: readonly string[]; readonly datacenters: readonly string[] } {
  if (role === "admin") return { services: [], datacenters: [] };
  const places = touched.datacenters === "all" ? ["*"] : touched.datacenters;
  const reaches = role === "viewer" ? [] : [{ services, datacenters }, ...also];
  const beyond = {
    services: touched.services.filter((name) => !reaches.some((reach) => isNamed(name, reach.services))),
    datacenters: places.filter((name) => !reaches.some((reach) => isNamed(name, reach.datacenters))),
  };
  if (reaches.length < 2 || beyond.services.length + beyond.datacenters.length > 0) return beyond;
  const missing = touched.services.flatMap((service) =>
    places
      .filter(
        (place) => !reaches.some((reach) => isNamed(service, reach.services) && isNamed(place, reach.datacenters)),
      )
      .map((place) => ({ service, place })),
  );
  return {
    services: [...new Set(missing.map(({ service }) => service))],
    datacenters: [...new Set(missing.map(({ place }) => place))],
  };
}

function isNamed(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => (pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern));
}
