import fc, { type Arbitrary } from "fast-check";
import { documentKinds } from "../../control-plane/src/policy/documents/document-schemas.ts";
import { jsonSchemas } from "../../control-plane/src/policy/documents/json-schema.ts";
import type { DocumentKind } from "../../control-plane/src/policy/policy-store.ts";
import { fittingValues, mostServices, serviceName } from "./fitting-values.ts";
import { type GoodSet, mendDocuments } from "./mend-documents.ts";
import { valuesOfSchema } from "./values-of-schema.ts";

/**
 * Whole sets of documents that validation accepts, of every kind that there is and out of the kinds' own schemas: a field
 * that is new in one of them is covered without a word here. Values that shrink stay valid, too.
 */
export function documentSets(now: Date): Arbitrary<GoodSet> {
  return madeUpSets(now)
    .map((documents) => mendDocuments(documents, now))
    .filter((set) => set !== undefined && set.book.services.size > 0) as Arbitrary<GoodSet>;
}

/** The same before validation looked at them. */
export function madeUpSets(now: Date): Arbitrary<readonly unknown[]> {
  const fitting = fittingValues(now);
  const lists = documentKinds.map((kind) => {
    const one = valuesOfSchema(jsonSchemas[kind], fitting) as Arbitrary<Written>;
    const count = kind === "Service" ? { minLength: 1, maxLength: mostServices } : { maxLength: 3 };
    return fc.array(one, count).map((documents) => documents.map((document, index) => named(document, kind, index)));
  });
  return fc.tuple(...lists).map((kinds) => {
    const services = kinds[documentKinds.indexOf("Service")]?.length ?? 1;
    return kinds.flat().map((document) => onlyKnown(document, services));
  });
}

type Written = { readonly metadata: object };

/** Names are told by order: two documents of a kind do not meet, and references find their service. */
function named(document: Written, kind: DocumentKind, index: number): Written {
  const name = kind === "Service" ? serviceName(index) : `${kind.toLowerCase()}-${index}`;
  return { ...document, metadata: { ...document.metadata, name } };
}

const names = new Set(Array.from({ length: mostServices }, (_, index) => serviceName(index)));

/** Of references to services only those to one of the first so many are left. */
function onlyKnown<T>(value: T, services: number): T {
  if (typeof value === "string" && names.has(value)) return serviceName(Number(value.slice(1)) % services) as T;
  if (Array.isArray(value)) return value.map((each) => onlyKnown(each, services)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, onlyKnown(each, services)])) as T;
}
