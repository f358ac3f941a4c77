import type { JsonSchema } from "../../policy/documents/json-schema.ts";

/** A field of a document with what it says. */
export type Field = {
  /** As in error messages: `rules[0].to`. */
  readonly path: string;
  /** Whichever entry of a list and whichever name of a map it stands at: `rules[].to`, `subsets{}.match`. */
  readonly field: string;
  readonly value: unknown;
  readonly origin: "document" | "default";
};

/** Every field that a document of this schema can have and below which there is none, in the schema's order. */
export function leavesOf(
  schema: JsonSchema,
  field = "",
): readonly { readonly field: string; readonly schema: JsonSchema }[] {
  const { properties, entries, values } = insideOf(schema);
  if (properties.length > 0) return properties.flatMap(([name, inner]) => leavesOf(inner, below(field, name)));
  if (entries) return leavesOf(entries, `${field}[]`);
  if (values) return leavesOf(values, `${field}{}`);
  return [{ field, schema }];
}

/**
 * The fields that a document says, and those left out for which the schema has a default; what stands below one that
 * `isWhole` says is one with it.
 */
export function fieldsOf(
  schema: JsonSchema,
  value: unknown,
  isWhole: (field: string) => boolean = () => false,
): readonly Field[] {
  return inside(schema, value, { path: "", field: "", origin: "document" }, isWhole);
}

function inside(
  schema: JsonSchema,
  value: unknown,
  at: Omit<Field, "value">,
  isWhole: (field: string) => boolean,
): readonly Field[] {
  if (isWhole(at.field)) return [{ ...at, value }];
  const { properties, entries, values } = insideOf(schema);
  if (properties.length > 0 && isObject(value))
    return properties.flatMap(([name, inner]) => {
      const said = Object.hasOwn(value, name) ? value[name] : undefined;
      const held = said ?? inner.default;
      if (held === undefined) return [];
      const origin = said === undefined ? "default" : at.origin;
      const here = { path: below(at.path, name), field: below(at.field, name), origin } as const;
      return inside(inner, held, here, isWhole);
    });
  if (entries && Array.isArray(value))
    return value.flatMap((entry, index) =>
      inside(entries, entry, { ...at, path: `${at.path}[${index}]`, field: `${at.field}[]` }, isWhole),
    );
  if (values && isObject(value))
    return Object.entries(value).flatMap(([name, entry]) =>
      inside(values, entry, { ...at, path: below(at.path, name), field: `${at.field}{}` }, isWhole),
    );
  return [{ ...at, value }];
}

/** What a schema's values have inside, where that has fields of its own. */
function insideOf(schema: JsonSchema): {
  readonly properties: readonly (readonly [string, JsonSchema])[];
  readonly entries: JsonSchema | undefined;
  readonly values: JsonSchema | undefined;
} {
  const branches = schema.anyOf ?? [];
  const properties = [schema, ...branches].flatMap((each) => Object.entries(each.properties ?? {}));
  const entries = [schema, ...branches].map(({ items }) => items).find((each) => each && hasFields(each));
  const { additionalProperties } = schema;
  const values =
    typeof additionalProperties === "object" && hasFields(additionalProperties) ? additionalProperties : undefined;
  return { properties, entries, values };
}

function hasFields(schema: JsonSchema): boolean {
  const { properties, entries, values } = insideOf(schema);
  return properties.length > 0 || entries !== undefined || values !== undefined;
}

function below(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
