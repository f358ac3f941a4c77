import { z } from "zod";
import { documentKinds } from "../policy/documents/document-schemas.ts";
import type { DocumentKind } from "../policy/policy-store.ts";
import { badRequest } from "./api-error.ts";
import { isYamlBody } from "./bodies.ts";

const removals = z.array(z.strictObject({ kind: z.enum(documentKinds), name: z.string() }));

export type Removal = { readonly kind: DocumentKind; readonly name: string };

/** The documents that `{"delete": [{"kind": "TrafficSplit", "name": "report"}]}` names; none in a body without. */
export function removalsOf(body: unknown): readonly Removal[] {
  if (typeof body !== "object" || body === null || isYamlBody(body) || !("delete" in body)) return [];
  const parsed = removals.safeParse(body.delete);
  if (!parsed.success)
    throw badRequest(
      "the body",
      parsed.error.issues.map(({ path, message }) => ({ at: ["delete", ...path].join("."), says: message })),
    );
  return parsed.data;
}
