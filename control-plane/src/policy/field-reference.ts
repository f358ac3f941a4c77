import { readFileSync, writeFileSync } from "node:fs";
import { type JsonSchema, jsonSchemas } from "./documents/json-schema.ts";
import type { DocumentKind } from "./policy-store.ts";

// node control-plane/src/policy/field-reference.ts: rewrites the tables of docs/documents.md from the schemas that check documents.

export const referenceFile = new URL("../../../docs/documents.md", import.meta.url);

/** The page with each table between `<!-- fields of KIND -->` and `<!-- end -->` as the schemas have it. */
export function withFieldTables(page: string): string {
  return page.replace(
    /(<!-- fields of (\w+) -->\n).*?(<!-- end -->)/gs,
    (_, begin: string, kind: DocumentKind, end: string) => `${begin}${fieldTable(kind)}${end}`,
  );
}

function fieldTable(kind: DocumentKind): string {
  const rows = Object.entries(jsonSchemas[kind].properties?.["spec"]?.properties ?? {}).flatMap(([name, schema]) =>
    rowsOf(name, schema, jsonSchemas[kind].properties?.["spec"]),
  );
  return ["| field | takes | default | |", "| --- | --- | --- | --- |", ...rows, ""].join("\n");
}

function rowsOf(path: string, schema: JsonSchema, parent: JsonSchema | undefined): readonly string[] {
  const { properties = {}, items, additionalProperties: byName } = schema;
  const named = typeof byName === "object" ? byName : undefined;
  const name = path.slice(path.lastIndexOf(".") + 1);
  const isNeeded = parent?.required?.includes(name) ?? false;
  const [, says = "", told] = /^(.*?)\s*(?:Default: (.*)\.)?$/s.exec(schema.description ?? "") ?? [];
  const cells = [`\`${path}\``, takes(schema), isNeeded ? "needed" : (told ?? ""), says];
  const row = `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const inside = [
    ...Object.entries(properties).map(([key, value]) => [`${path}.${key}`, value, schema] as const),
    ...Object.entries(items?.properties ?? {}).map(([key, value]) => [`${path}[].${key}`, value, items] as const),
    ...Object.entries(named?.properties ?? {}).map(([key, value]) => [`${path}.*.${key}`, value, named] as const),
  ];
  return [row, ...inside.flatMap(([at, value, within]) => rowsOf(at, value, within))];
}

/** The largest number that a 32-bit field of Envoy holds: in the table that is no limit worth naming. */
const uint32Max = 4_294_967_295;

function takes(schema: JsonSchema): string {
  const { type, enum: words, const: only, items, additionalProperties, minimum, maximum, pattern = "" } = schema;
  if (words) return words.map((word) => `\`${word}\``).join(" ");
  if (only !== undefined) return `\`${only}\``;
  if (schema.anyOf) return schema.anyOf.map(takes).join(" or ");
  if (pattern.includes("(h|m|s|ms)")) return "duration";
  switch (type) {
    case "integer":
    case "number":
      return `${type === "integer" ? "whole number" : "number"} ${minimum}${maximum === uint32Max ? " or more" : ` to ${maximum}`}`;
    case "boolean":
      return "`true` `false`";
    case "array":
      return items?.properties ? "list" : `list of ${takes(items ?? {})}`;
    case "object":
      return typeof additionalProperties === "object" ? `${takes(additionalProperties)} by name`.trimStart() : "";
    default:
      if (pattern.startsWith("^meta")) return "`meta.…`";
      return type === undefined ? "anything" : "text";
  }
}

if (import.meta.main) writeFileSync(referenceFile, withFieldTables(readFileSync(referenceFile, "utf8")));
