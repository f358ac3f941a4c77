import { documentKinds } from "../policy/documents/document-schemas.ts";
import { type JsonSchema, jsonSchemas } from "../policy/documents/json-schema.ts";
import { isJsonObject } from "../policy/documents/plain-json.ts";

/** Every field that a document may have, and every word that a field may hold: `TrafficPolicy spec.loadBalancer.type = Random`. */
export const documentFeatures: readonly string[] = documentKinds.flatMap((kind) => [
  ...new Set(featuresOf(jsonSchemas[kind].properties?.["spec"] ?? {}, `${kind} spec`)),
]);

/** Those that documents make use of. */
export function featuresIn(documents: readonly unknown[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const document of documents) {
    const kind = isJsonObject(document) ? documentKinds.find((each) => each === document["kind"]) : undefined;
    const spec = isJsonObject(document) ? document["spec"] : undefined;
    if (kind !== undefined) collect(spec, jsonSchemas[kind].properties?.["spec"] ?? {}, `${kind} spec`, found);
  }
  return found;
}

function featuresOf(schema: JsonSchema, at: string): readonly string[] {
  return [
    at,
    ...(schema.enum ?? []).map((word) => `${at} = ${word}`),
    ...(schema.type === "boolean" ? [true, false].map((word) => `${at} = ${word}`) : []),
    ...(schema.anyOf ?? []).flatMap((each) => featuresOf(each, at)),
    ...(schema.items ? featuresOf(schema.items, `${at}[]`) : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([key, each]) => featuresOf(each, `${at}.${key}`)),
    ...(typeof schema.additionalProperties === "object" ? featuresOf(schema.additionalProperties, `${at}.*`) : []),
  ];
}

function collect(value: unknown, schema: JsonSchema, at: string, found: Set<string>): void {
  if (value === undefined) return;
  found.add(at);
  if (schema.enum || schema.type === "boolean") found.add(`${at} = ${value}`);
  for (const each of schema.anyOf ?? []) collect(value, each, at, found);
  if (Array.isArray(value)) for (const each of value) collect(each, schema.items ?? {}, `${at}[]`, found);
  if (!isJsonObject(value)) return;
  for (const [key, each] of Object.entries(value)) {
    const own = schema.properties?.[key];
    if (own !== undefined) collect(each, own, `${at}.${key}`, found);
    else if (typeof schema.additionalProperties === "object")
      collect(each, schema.additionalProperties, `${at}.*`, found);
  }
}
