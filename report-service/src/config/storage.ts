import { flagGroup } from "./flag-group.ts";

/** What keeps what; the flags of each provider are in a file of its own. */
export type Storage = {
  readonly data: string;
  readonly store: "sqlite";
  /** What tenants' allowances and answers that are asked for often are kept in. */
  readonly cache: "memory";
  /** What tells watchers of progress; `store`: what follows changes of reports there. `memory` is for one server alone. */
  readonly bulletin: "store" | "memory";
  readonly retentionMs: number;
};

export const storage = flagGroup(
  [
    {
      name: "data",
      value: "DIR",
      help: "what is kept on disk, and the sample data; servers of one machine may share it (required)",
    },
    { name: "store", default: "sqlite", value: "WHICH", help: "what keeps reports: sqlite" },
    { name: "cache", default: "memory", value: "WHICH", help: "what keeps allowances and answers: memory" },
    {
      name: "bulletin",
      default: "store",
      value: "WHICH",
      help: "what tells watchers of progress: store, or memory where there is one server",
    },
    { name: "retention", default: "30d", value: "TIME", help: "how long an ended report is kept" },
  ],
  (flags): Storage => ({
    data: flags.required("data"),
    store: flags.oneOf("store", ["sqlite"]),
    cache: flags.oneOf("cache", ["memory"]),
    bulletin: flags.oneOf("bulletin", ["store", "memory"]),
    retentionMs: flags.time("retention", 1_000),
  }),
);
