import { flagGroup } from "./flag-group.ts";

/** What keeps what; the flags of each provider are in a file of its own. */
export type Storage = {
  readonly data: string;
  readonly retentionMs: number;
};

export const storage = flagGroup(
  [
    {
      name: "data",
      value: "DIR",
      help: "what is kept on disk, and the sample data; servers of one machine may share it (required)",
    },
    { name: "retention", default: "30d", value: "TIME", help: "how long an ended report is kept" },
  ],
  (flags): Storage => ({
    data: flags.required("data"),
    retentionMs: flags.time("retention", 1_000),
  }),
);
