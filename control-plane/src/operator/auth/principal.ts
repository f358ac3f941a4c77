import type { Role } from "./role.ts";

/** Who asks, and what that is known by. */
export type Principal = {
  /** What the journal shows. */
  readonly name: string;
  readonly role: Role;
  /** What a shifter may touch, as `report`, `team-*` or `*`; admins may touch everything, viewers nothing. */
  readonly services: readonly string[];
  readonly datacenters: readonly string[];
  readonly knownBy: "token" | "certificate";
};

/** What a change would move: of which services, in which data centers; `all` for what is not about single ones. */
export type Touched = { readonly services: readonly string[]; readonly datacenters: readonly string[] | "all" };

/** The services and data centers that it would touch and may not; empty when it may. */
export function outOfReach(
  { role, services, datacenters }: Principal,
  touched: Touched,
): { readonly services: readonly string[]; readonly datacenters: readonly string[] } {
  if (role === "admin") return { services: [], datacenters: [] };
  const touchedPlaces = touched.datacenters === "all" ? ["*"] : touched.datacenters;
  return {
    services: touched.services.filter((name) => role === "viewer" || !isNamed(name, services)),
    datacenters: touchedPlaces.filter((name) => role === "viewer" || !isNamed(name, datacenters)),
  };
}

function isNamed(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => (pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern));
}
