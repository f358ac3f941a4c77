import { z } from "zod";
import { documentKinds } from "../policy/documents/document-schemas.ts";
import type { JournalEntry } from "../policy/policy-store.ts";
import { time } from "./shapes.ts";

/** A line of the journal as the API answers it. */
export const revisionShape = z.object({
  revision: z.number().int(),
  at: time,
  by: z.string(),
  vouchedBy: z
    .enum(["token", "certificate", "oidc"])
    .optional()
    .meta({ description: "What showed that it was they; absent: nothing, it is what they said" }),
  subject: z
    .string()
    .optional()
    .meta({ description: "Whom an OpenID provider calls so: its URL and its name for them, which others never get" }),
  through: z.enum(["api", "file"]),
  reason: z.string(),
  changes: z.array(
    z.object({ kind: z.enum(documentKinds), name: z.string(), action: z.enum(["create", "update", "delete"]) }),
  ),
  hash: z.string().optional().meta({ description: "Of the entry and, through it, of all entries before it" }),
});

export function revisionOf({
  revision,
  at,
  by,
  vouchedBy,
  subject,
  through,
  reason,
  changes,
  hash,
}: JournalEntry): z.output<typeof revisionShape> {
  return {
    ...{ revision, at: at.toISOString(), by, through, reason },
    ...(vouchedBy && { vouchedBy }),
    ...(subject && { subject }),
    ...(hash && { hash }),
    changes: changes.map(({ documentKind, name, action }) => ({ kind: documentKind, name, action })),
  };
}
