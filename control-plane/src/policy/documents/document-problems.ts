import type { z } from "zod";
import { didYouMean } from "../../lib/did-you-mean.ts";
import type { Problem } from "../../lib/parsed.ts";
import type { DocumentKind } from "../policy-store.ts";
import { type JsonSchema, schemaAt } from "./json-schema.ts";
import type { Path, Where } from "./path-text.ts";
import { valueAt } from "./plain-json.ts";
import { shown } from "./shown.ts";

/** What a schema found wrong with a document, in words that say what stands there and what was expected. */
export function documentProblems(
  issues: readonly z.core.$ZodIssue[],
  { kind, document, where }: { readonly kind: DocumentKind; readonly document: unknown; readonly where: Where },
): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    const path = issue.path.filter((step) => typeof step !== "symbol");
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => unknownField(key, path, schemaAt(kind, path), where));
    const found = valueAt(document, path);
    const schema = schemaAt(kind, path);
    if (found === undefined && issue.code !== "custom")
      return [{ ...where(path), says: `is missing: expected ${expectation(schema)}` }];
    return [{ ...where(path), says: sentence(issue, schema, found) }];
  });
}

function sentence(issue: z.core.$ZodIssue, schema: JsonSchema | undefined, found: unknown): string {
  switch (issue.code) {
    case "too_small":
    case "too_big":
      return `expected ${expectation(schema)}${size(schema)}, not ${shown(found)}`;
    case "invalid_type":
      return `expected ${expectation(schema)}, not ${shown(found)}${hint(schema, found)}`;
    case "invalid_value":
      return `expected ${expectation(schema)}, not ${shown(found)}${typeof found === "string" ? didYouMean(found, choices(schema)) : ""}`;
    case "custom":
      return issue.message;
    default:
      return `${issue.message}, not ${shown(found)}`;
  }
}

function unknownField(key: string, path: Path, schema: JsonSchema | undefined, where: Where): Problem {
  const known = Object.keys(schema?.properties ?? {});
  const guess = didYouMean(key, known);
  const fields = known.length === 0 ? "nothing stands here" : `expected ${known.join(", ")}`;
  return { ...where([...path, key], "key"), says: `is not a field${guess || `: ${fields}`}` };
}

function choices(schema: JsonSchema | undefined): string[] {
  const values = schema?.const !== undefined ? [schema.const] : (schema?.enum ?? []);
  return values.filter((value) => typeof value === "string");
}

/** What may stand there: `a whole number from 0 to 100`, `text such as "5s"`. */
function expectation(schema: JsonSchema | undefined): string {
  const words = choices(schema);
  if (words.length === 1) return JSON.stringify(words[0]);
  if (words.length > 1) return `one of ${words.join(", ")}`;
  const example = schema?.examples?.[0];
  switch (schema?.type) {
    case "string":
      return example === undefined ? "text" : `text such as ${JSON.stringify(example)}`;
    case "integer":
      return `a whole number${range(schema)}`;
    case "number":
      return `a number${range(schema)}`;
    case "boolean":
      return "true or false";
    case "array":
      return "a list";
    case "object":
      return fields(schema);
    default:
      return schema?.anyOf?.map(expectation).join(", or ") ?? "something else";
  }
}

function fields({ properties, examples }: JsonSchema): string {
  if (properties === undefined) return `names with values${examples ? ` such as ${JSON.stringify(examples[0])}` : ""}`;
  const names = Object.keys(properties);
  return names.length === 0 ? "{}" : `fields (${names.join(", ")})`;
}

/** How long a list or a text may be. */
function size({ type, minItems, maxItems, minLength, maxLength }: JsonSchema = {}): string {
  const [least, most] = type === "array" ? [minItems ?? 0, maxItems] : [minLength ?? 0, maxLength];
  if (most === undefined || (type !== "array" && type !== "string")) return "";
  return ` of ${least} to ${most} ${type === "array" ? "entries" : "characters"}`;
}

function range({ minimum, maximum }: JsonSchema): string {
  if (minimum === undefined) return maximum === undefined ? "" : ` up to ${maximum}`;
  return maximum === undefined ? ` from ${minimum}` : ` from ${minimum} to ${maximum}`;
}

/** YAML reads `version: 1` as a number and `weight: "5"` as text. */
function hint(schema: JsonSchema | undefined, found: unknown): string {
  // Not for durations: "5" is none either.
  if (schema?.type === "string" && !schema.pattern && (typeof found === "number" || typeof found === "boolean"))
    return "; put it in quotes";
  const isNumber = schema?.type === "integer" || schema?.type === "number";
  if (isNumber && typeof found === "string" && found.trim() !== "" && Number.isFinite(Number(found)))
    return "; leave the quotes out";
  return "";
}
