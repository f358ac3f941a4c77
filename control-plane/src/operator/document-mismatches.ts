import type { Problem } from "../lib/parsed.ts";
import type { DocumentKind } from "../policy/policy-store.ts";

/** Where a body is not the document that its URL names; what else is wrong with it is the store's to say. */
export function documentMismatches(body: unknown, kind: DocumentKind, name: string): readonly Problem[] {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    return [
      {
        at: "",
        says: `expected a document {apiVersion, kind, metadata, spec}, got ${Array.isArray(body) ? "a list" : JSON.stringify(body)}`,
      },
    ];
  const problems: Problem[] = [];
  const given = "kind" in body ? body.kind : undefined;
  if (given !== undefined && given !== kind)
    problems.push({ at: "kind", says: `is ${JSON.stringify(given)}, but this URL holds documents of kind ${kind}` });
  const metadata = "metadata" in body ? body.metadata : undefined;
  const inside = typeof metadata === "object" && metadata !== null && "name" in metadata ? metadata.name : undefined;
  if (inside !== undefined && inside !== name)
    problems.push({ at: "metadata.name", says: `is ${JSON.stringify(inside)}, but the URL says "${name}"` });
  return problems;
}
