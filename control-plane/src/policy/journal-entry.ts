import { z } from "zod";
import type { JournalEntry } from "./policy-store.ts";

/** A journal entry as JSON; times are RFC 3339. */
export const journalEntry = z.object({
  revision: z.int().min(0),
  at: z.iso.datetime().transform((text) => new Date(text)),
  by: z.string(),
  vouchedBy: z.enum(["token", "certificate", "oidc"]).exactOptional(),
  subject: z.string().exactOptional(),
  through: z.enum(["api", "file"]),
  reason: z.string(),
  changes: z.array(
    z.object({
      documentKind: z.enum(["Service", "TrafficSplit", "TrafficPolicy", "Route", "Patch", "Drain"]),
      name: z.string(),
      action: z.enum(["create", "update", "delete"]),
      before: z.object({ revision: z.int().min(0), document: z.looseObject({ kind: z.string() }) }).exactOptional(),
    }),
  ),
  previous: z.string().exactOptional(),
  hash: z.string().exactOptional(),
});

/** Of one line of the journal; none for a line that is damaged. */
export function parseJournalLine(text: string): JournalEntry[] {
  try {
    return [journalEntry.parse(JSON.parse(text))];
  } catch {
    return [];
  }
}
