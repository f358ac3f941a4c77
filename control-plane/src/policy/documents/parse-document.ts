import { didYouMean, nearestOf } from "../../lib/did-you-mean.ts";
import { never } from "../../lib/exhaustive.ts";
import type { Problem } from "../../lib/parsed.ts";
import { type Parsed, parsed } from "../../lib/parsed.ts";
import type { Drain } from "../../model/drain.ts";
import type { PatchSpec } from "../../model/patch.ts";
import type { TrafficPolicySpec } from "../../model/policy.ts";
import type { RouteSpec } from "../../model/route.ts";
import type { ServiceSpec } from "../../model/service.ts";
import type { Split } from "../../model/split.ts";
import { patchDocument, patchOf } from "../patches/patch-document.ts";
import type { DocumentKind } from "../policy-store.ts";
import { apiVersionText } from "./document-fields.ts";
import { documentProblems } from "./document-problems.ts";
import { documentKinds } from "./document-schemas.ts";
import { drainDocument, drainOf } from "./drain-document.ts";
import { lateOverrides } from "./late-overrides.ts";
import { inDocument, type Where } from "./path-text.ts";
import { isJsonObject, type JsonObject, notPlain, valueAt } from "./plain-json.ts";
import { routeDocument, routeOf } from "./route-document.ts";
import { serviceDocument, serviceSpecOf } from "./service-document.ts";
import { trafficPolicyDocument, trafficPolicyOf } from "./traffic-policy-document.ts";
import { splitOf, trafficSplitDocument } from "./traffic-split-document.ts";

/** A document as it was written, and what it says; by itself it is good. */
export type ParsedDocument = DocumentModel & {
  readonly name: string;
  /** As written; only the order of its outermost fields is ours. */
  readonly document: JsonObject;
  readonly where: Where;
};

export type DocumentModel =
  | { readonly kind: "Service"; readonly model: ServiceSpec }
  | { readonly kind: "TrafficSplit"; readonly model: Split }
  | { readonly kind: "TrafficPolicy"; readonly model: TrafficPolicySpec }
  | { readonly kind: "Route"; readonly model: RouteSpec }
  | { readonly kind: "Patch"; readonly model: PatchSpec }
  | { readonly kind: "Drain"; readonly model: Drain };

/**
 * Checks one document by itself; how documents go together is `buildBook`'s. `now` is for what depends on when it is
 * written (an override may end at most 14 days ahead); without it that is not looked at, as for documents stored long ago.
 */
export function parseDocument(
  input: unknown,
  { now, where = inDocument }: { readonly now?: Date; readonly where?: Where } = {},
): Parsed<ParsedDocument> {
  const unsafe = notPlain(input).map(({ path, says }) => ({ ...where(path, "key"), says }));
  if (unsafe.length > 0) return { ok: false, problems: unsafe };
  if (!isJsonObject(input))
    return { ok: false, problems: [{ ...where([]), says: "expected a document: apiVersion, kind, metadata, spec" }] };

  const { kind, problems } = kindOf(input, where);
  if (kind === undefined) return { ok: false, problems };
  const late = now ? lateOverrides(input, now).map(({ path, says }) => ({ ...where(path), says })) : [];
  // A misspelt kind is already reported; the rest is still worth checking as the kind that was probably meant.
  const document = { ...input, apiVersion: apiVersionText, kind };
  const model = modelOf(kind, document, where);
  if (!model.ok) return { ok: false, problems: [...problems, ...model.problems, ...late] };
  if (problems.length > 0 || late.length > 0) return { ok: false, problems: [...problems, ...late] };
  const name = String(valueAt(input, ["metadata", "name"]));
  return parsed({ ...model.value, name, document: inOrder(input), where });
}

function kindOf(
  document: JsonObject,
  where: Where,
): { readonly kind: DocumentKind | undefined; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const { apiVersion: version, kind: word } = document;
  if (version !== apiVersionText) {
    const found = version === undefined ? "is missing: expected" : `${JSON.stringify(version)} is not known: expected`;
    problems.push({ ...where(["apiVersion"]), says: `${found} ${apiVersionText}` });
  }
  const kind = documentKinds.find((each) => each === word);
  if (kind !== undefined) return { kind, problems };
  const found = word === undefined ? "is missing: expected" : `${JSON.stringify(word)} is not known: expected`;
  const guess = typeof word === "string" ? didYouMean(word, documentKinds) : "";
  problems.push({ ...where(["kind"]), says: `${found} ${documentKinds.join(", ")}${guess}` });
  const meant = typeof word === "string" ? nearestOf(word, documentKinds, 2) : undefined;
  return { kind: documentKinds.find((each) => each === meant), problems };
}

function modelOf(kind: DocumentKind, document: JsonObject, where: Where): Parsed<DocumentModel> {
  switch (kind) {
    case "Service": {
      const result = serviceDocument.safeParse(document);
      if (result.success) return parsed({ kind, model: serviceSpecOf(result.data) });
      return { ok: false, problems: documentProblems(result.error.issues, { kind, document, where }) };
    }
    case "TrafficSplit": {
      const result = trafficSplitDocument.safeParse(document);
      if (result.success) return parsed({ kind, model: splitOf(result.data) });
      return { ok: false, problems: documentProblems(result.error.issues, { kind, document, where }) };
    }
    case "TrafficPolicy": {
      const result = trafficPolicyDocument.safeParse(document);
      if (result.success) return parsed({ kind, model: trafficPolicyOf(result.data) });
      return { ok: false, problems: documentProblems(result.error.issues, { kind, document, where }) };
    }
    case "Patch": {
      const result = patchDocument.safeParse(document);
      if (result.success) return parsed({ kind, model: patchOf(result.data) });
      return { ok: false, problems: documentProblems(result.error.issues, { kind, document, where }) };
    }
    case "Drain": {
      const result = drainDocument.safeParse(document);
      if (result.success) return parsed({ kind, model: drainOf(result.data) });
      return { ok: false, problems: documentProblems(result.error.issues, { kind, document, where }) };
    }
    case "Route": {
      const result = routeDocument.safeParse(document);
      if (result.success) return parsed({ kind, model: routeOf(result.data) });
      return { ok: false, problems: documentProblems(result.error.issues, { kind, document, where }) };
    }
    default:
      return never(kind);
  }
}

function inOrder({ apiVersion, kind, metadata, ...others }: JsonObject): JsonObject {
  return { apiVersion: apiVersion ?? null, kind: kind ?? null, metadata: metadata ?? null, ...others };
}
