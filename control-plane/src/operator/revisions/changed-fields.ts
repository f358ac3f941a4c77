import { z } from "zod";
import { fieldChanges } from "../../plan/plan/field-changes.ts";
import { documentKinds } from "../../policy/documents/document-schemas.ts";
import type { PastChange, Was } from "./walk-back.ts";

/** A changed document with what changed in it. */
export const changedShape = z.object({
  kind: z.enum(documentKinds),
  name: z.string(),
  action: z.enum(["create", "update", "delete"]),
  fields: z
    .array(z.object({ path: z.string(), before: z.unknown().optional(), after: z.unknown().optional() }))
    .optional()
    .meta({ description: "Missing: what it was before or after is not kept" }),
});

export function changedFields({ kind, name, action, before, after }: PastChange): z.output<typeof changedShape> {
  if (before === "unknown" || after === "unknown") return { kind, name, action };
  const fields = [
    ...fieldChanges(labelsOf(before), labelsOf(after), "metadata.labels"),
    ...fieldChanges(before?.document["spec"], after?.document["spec"], "spec"),
  ];
  return { kind, name, action, fields: fields.map((each) => ({ ...each })) };
}

function labelsOf(was: Exclude<Was, "unknown"> | undefined): unknown {
  const metadata = was?.document["metadata"];
  return typeof metadata === "object" && metadata !== null && "labels" in metadata ? metadata.labels : undefined;
}
