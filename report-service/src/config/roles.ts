import { type CodeScheduling, codeSchedulings } from "../model/code-scheduling.ts";
import { type Language, languages } from "../model/kind.ts";
import { flagGroup } from "./flag-group.ts";

/** What a server does: `reports` and `results` answer calls, `objects` serves bytes by signed URLs, the others work on what was asked for. */
export type Role = "reports" | "results" | "worker" | "writer" | "cleaner" | "notifier" | "objects";

export const allRoles: readonly Role[] = ["reports", "results", "worker", "writer", "cleaner", "notifier", "objects"];

/** What this server does. */
export type Roles = {
  readonly roles: ReadonlySet<Role>;
  /** Whose reports its workers make; each has a queue of its own. */
  readonly languages: readonly Language[];
  readonly jobLeaseMs: number;
  readonly codeScheduling: CodeScheduling;
  /** Where results wait for a writer; `memory`: their worker waits, at a server that is a writer, too. `kafka`: the one of the queue. */
  readonly results: "memory" | "store" | "kafka";
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
      name: "languages",
      default: languages.join(","),
      value: "L,…",
      help: "of kinds in which languages its workers make reports",
    },
    {
      name: "results",
      value: "WHICH",
      help: "where results wait for a writer: memory, where this server is worker and writer; store; or kafka, the one of --queue",
    },
    {
      name: "job-lease",
      default: "5s",
      value: "TIME",
      help: "its reports go to another server so long after it is gone",
    },
    {
      name: "code-scheduling",
      default: "auto",
      value: "WHICH",
      help: "CPU time of Python and JavaScript: what nobody else wants (idle), as others have it (other), idle while that is enough (auto)",
    },
  ],
  (flags): Roles => {
    const roles = new Set(flags.someOf("roles", allRoles));
    const isBoth = roles.has("worker") && roles.has("writer");
    const asked = flags.get("results") === undefined ? undefined : flags.oneOf("results", ["memory", "store", "kafka"]);
    if (asked === "memory" && !isBoth) flags.say("results", "memory needs a server of both roles, worker and writer");
    return {
      roles,
      languages: flags.someOf("languages", languages),
      jobLeaseMs: flags.time("job-lease", 200),
      codeScheduling: flags.oneOf("code-scheduling", codeSchedulings),
      results: asked ?? (isBoth ? "memory" : "store"),
    };
  },
);
