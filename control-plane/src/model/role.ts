/** Who may do more comes later: each may do what those before it may. */
export const roles = ["viewer", "shifter", "admin"] as const;

/** `viewer` sees everything, `shifter` moves the traffic of its services, `admin` does everything. */
export type Role = (typeof roles)[number];

export function isAtLeast(role: Role, least: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(least);
}
