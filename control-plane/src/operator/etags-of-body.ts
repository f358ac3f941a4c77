import { z } from "zod";
import type { ChangeOutcome } from "../policy/policy-store.ts";
import { badRequest } from "./api-error.ts";
import { isYamlBody } from "./bodies.ts";
import { collections, documentPath } from "./collections.ts";

/** By the path of a document: `{"trafficSplits/report": "r42-9f3c01ab"}`. */
export type Etags = Readonly<Record<string, string>>;

/** Of `{"documents": [...], "etags": {...}}`: what has to be in force, by the path of the document. */
export function etagsOf(body: unknown): Etags {
  if (typeof body !== "object" || body === null || isYamlBody(body) || !("etags" in body)) return {};
  const parsed = z.record(z.string(), z.string().min(1).max(200)).safeParse(body.etags);
  if (parsed.success) return parsed.data;
  throw badRequest("the body", [
    { at: "etags", says: 'expected ETags by document, like {"trafficSplits/report": "r42-9f3c01ab"}' },
  ]);
}

/** Each document with the state that has to be in force before it is; 400 for an ETag of a document that is not there. */
export function expecting(documents: readonly unknown[], etags: Etags) {
  const named = new Set<string>();
  const operations = documents.map((document) => {
    const path = pathOf(document);
    const etag = path !== undefined && Object.hasOwn(etags, path) ? etags[path] : undefined;
    if (path === undefined || etag === undefined) return { kind: "put" as const, document };
    named.add(path);
    return { kind: "put" as const, document, expects: etag === "absent" ? ("absent" as const) : { etag } };
  });
  const strays = Object.keys(etags).filter((path) => !named.has(path));
  if (strays.length === 0) return operations;
  throw badRequest(
    "the body",
    strays.map((path) => ({ at: `etags.${path}`, says: "is of none of these documents" })),
  );
}

/** The ETag that an outdated change was to find; undefined: it was to find nothing. */
export function expectedOf(outcome: ChangeOutcome, etags: Etags): string | undefined {
  if (outcome.kind !== "outdated") return undefined;
  const etag = etags[documentPath(outcome.documentKind, outcome.name)];
  return etag === "absent" ? undefined : etag;
}

/** `services/report`; undefined for what is no document. */
export function pathOf(document: unknown): string | undefined {
  const parsed = z
    .object({ kind: z.enum(Object.values(collections)), metadata: z.object({ name: z.string() }) })
    .safeParse(document);
  return parsed.success ? documentPath(parsed.data.kind, parsed.data.metadata.name) : undefined;
}
