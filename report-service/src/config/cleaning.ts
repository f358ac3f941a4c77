import { flagGroup } from "./flag-group.ts";

/** What the role cleaner does, and when. */
export type Cleaning = {
  readonly cleanEveryMs: number;
  /** How long a completed upload is kept. */
  readonly uploadRetentionMs: number;
  /** How old an object is at least that is removed because nothing names it. */
  readonly orphanAgeMs: number;
};

export const cleaning = flagGroup(
  [
    { name: "clean-every", default: "4h", value: "TIME", help: "how long the role cleaner waits between two rounds" },
    { name: "upload-retention", default: "30d", value: "TIME", help: "how long a completed upload is kept" },
    {
      name: "orphan-age",
      default: "1d",
      value: "TIME",
      help: "how old objects must be that are removed because no report or upload names them",
    },
  ],
  (flags): Cleaning => ({
    cleanEveryMs: flags.time("clean-every", 1_000),
    uploadRetentionMs: flags.time("upload-retention", 1_000),
    orphanAgeMs: flags.time("orphan-age", 1_000),
  }),
);
