import { z } from "zod";
import { documentKinds } from "../policy/documents/document-schemas.ts";
import type { DocumentKind, Operation, PolicyStore } from "../policy/policy-store.ts";
import { isYamlBody } from "./bodies.ts";
import { bodyOf } from "./body-of.ts";
import { documentPath } from "./collections.ts";
import { documentsOf } from "./documents-of-body.ts";
import { type Etags, expecting, pathOf } from "./etags-of-body.ts";

type Removal = { readonly kind: DocumentKind; readonly name: string };

const kind = z.enum(documentKinds);
const removing = z.object({
  delete: z.array(z.strictObject({ kind, name: z.string() })).default([]),
  pruneKinds: z.array(kind).default([]),
});

/**
 * What a body is to do: put its documents, each where that is in force which `etags` has of it, and delete those that
 * `{"delete": [{"kind": "TrafficSplit", "name": "report"}]}` names and those of the kinds in `{"pruneKinds": ["Route"]}` that it
 * does not hold. Without any to delete it must hold one.
 */
export function operationsOf(body: unknown, etags: Etags, policies: Pick<PolicyStore, "list">): readonly Operation[] {
  const removed = removalsOf(body, policies);
  const documents = removed.length > 0 ? documentsBeside(body) : documentsOf(body);
  return [
    ...expecting(documents, etags),
    ...removed.map(({ kind, name }) => ({ kind: "delete" as const, documentKind: kind, name })),
  ];
}

function removalsOf(body: unknown, policies: Pick<PolicyStore, "list">): readonly Removal[] {
  if (typeof body !== "object" || body === null || Array.isArray(body) || isYamlBody(body)) return [];
  const { delete: named, pruneKinds } = bodyOf(removing, body);
  const kept = new Set([
    ...(pruneKinds.length > 0 ? documentsBeside(body).map(pathOf) : []),
    ...named.map(({ kind, name }) => documentPath(kind, name)),
  ]);
  const pruned = [...new Set(pruneKinds)].flatMap((kind) =>
    policies.list(kind).flatMap(({ name }) => (kept.has(documentPath(kind, name)) ? [] : [{ kind, name }])),
  );
  return [...named, ...pruned];
}

/** Where documents go, none need be put. */
function documentsBeside(body: unknown): readonly unknown[] {
  if (typeof body !== "object" || body === null || !("documents" in body)) return [];
  const { documents } = body;
  return Array.isArray(documents) && documents.length > 0 ? documentsOf(body) : [];
}
