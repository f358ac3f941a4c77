import { flagGroup } from "./flag-group.ts";

/** What a server does: `reports` and `results` answer calls, the others work on what was asked for. */
export type Role = "reports" | "results" | "worker" | "writer" | "cleaner";

export const allRoles: readonly Role[] = ["reports", "results", "worker", "writer", "cleaner"];

/** What this server does. */
export type Roles = {
  readonly roles: ReadonlySet<Role>;
  readonly jobLeaseMs: number;
};

export const roles = flagGroup(
  [
    {
      name: "roles",
      default: allRoles.join(","),
      value: "R,…",
      help: "what this server does",
    },
    {
      name: "job-lease",
      default: "5s",
      value: "TIME",
      help: "its reports go to another server so long after it is gone",
    },
  ],
  (flags): Roles => ({
    roles: new Set(flags.someOf("roles", allRoles)),
    jobLeaseMs: flags.time("job-lease", 200),
  }),
);
