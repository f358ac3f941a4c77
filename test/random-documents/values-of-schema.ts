import fc, { type Arbitrary } from "fast-check";
import type { JsonSchema } from "../../control-plane/src/policy/documents/json-schema.ts";

/** Where a value stands: `["spec", "rules", 0, "to"]`, with 0 for every entry of a list and `*` for every key of a map. */
export type FieldPath = readonly (string | 0)[];

/** Values for a field that its schema alone does not tell enough about; undefined leaves it to the schema. */
export type Fitting = (path: FieldPath, schema: JsonSchema) => Arbitrary<unknown> | undefined;

/** Values that a JSON Schema allows; what goes beyond it, as two fields that exclude each other, is not known here. */
export function valuesOfSchema(schema: JsonSchema, fitting: Fitting, path: FieldPath = []): Arbitrary<unknown> {
  const fits = fitting(path, schema);
  if (fits !== undefined) return fits;
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((each) => valuesOfSchema(each, fitting, path)));
  switch (schema.type) {
    case "object":
      return schema.properties
        ? objects(schema, schema.properties, fitting, path)
        : maps(schema.additionalProperties, fitting, path);
    case "array":
      return fc.array(valuesOfSchema(schema.items ?? {}, fitting, [...path, 0]), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 4, Math.max(4, schema.minItems ?? 0)),
      });
    case "string":
      return texts(schema);
    case "integer":
      return integers(schema);
    case "number":
      return fc.double({ min: schema.minimum ?? -1e6, max: schema.maximum ?? 1e6, noNaN: true });
    case "boolean":
      return fc.boolean();
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

/** With all fields, with some of them, and with one: so that fields that exclude each other each stand alone, too. */
function objects(
  { required = [] }: JsonSchema,
  properties: Readonly<Record<string, JsonSchema>>,
  fitting: Fitting,
  path: FieldPath,
): Arbitrary<unknown> {
  const keys = Object.keys(properties);
  const fields: Readonly<Record<string, Arbitrary<unknown>>> = Object.fromEntries(
    keys.map((key) => [key, valuesOfSchema(properties[key] ?? {}, fitting, [...path, key])]),
  );
  const needed = required.filter((key) => Object.hasOwn(fields, key));
  const optional = keys.filter((key) => !needed.includes(key));
  const withKeys = (...some: readonly string[]) =>
    fc.record(Object.fromEntries([...needed, ...some].map((key) => [key, fields[key] ?? fc.constant(undefined)])), {
      noNullPrototype: true,
    });
  if (optional.length === 0) return withKeys();
  return fc.oneof(
    { weight: 4, arbitrary: fc.record(fields, { requiredKeys: needed, noNullPrototype: true }) },
    { weight: 2, arbitrary: fc.oneof(...optional.map((key) => withKeys(key))) },
    { weight: 2, arbitrary: withKeys(...optional) },
  );
}

function maps(values: JsonSchema["additionalProperties"], fitting: Fitting, path: FieldPath): Arbitrary<unknown> {
  const schema = typeof values === "object" ? values : {};
  const keys = fitting([...path, "key"], { type: "string" }) ?? fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/);
  return fc.dictionary(keys as Arbitrary<string>, valuesOfSchema(schema, fitting, [...path, "*"]), {
    maxKeys: 3,
    noNullPrototype: true,
  });
}

/** The limits, and what lies between: as often a small number as a large one. */
function integers({ minimum = -1_000, maximum = 4_294_967_295 }: JsonSchema): Arbitrary<number> {
  const span = maximum - minimum;
  const within = fc
    .double({ min: 0, max: 1, noNaN: true })
    .map((x) => minimum + Math.round(span > 1_000 ? (span + 1) ** x - 1 : span * x));
  return fc.oneof({ weight: 8, arbitrary: within }, { weight: 1, arbitrary: fc.constantFrom(minimum, maximum) });
}

function texts({ minLength = 0, maxLength = 200, pattern, examples = [] }: JsonSchema): Arbitrary<string> {
  const known = examples.filter((each) => typeof each === "string");
  const any = pattern === undefined ? freeTexts(minLength, Math.min(maxLength, 60)) : textsOf(pattern, maxLength);
  if (any === undefined && known.length === 0)
    throw new Error(`give the field an example: no text is known for ${pattern}`);
  if (any === undefined) return fc.constantFrom(...known);
  return known.length === 0
    ? any
    : fc.oneof({ weight: 2, arbitrary: any }, { weight: 1, arbitrary: fc.constantFrom(...known) });
}

function freeTexts(minLength: number, maxLength: number): Arbitrary<string> {
  const length = { minLength, maxLength };
  return fc.oneof(
    { weight: 4, arbitrary: fc.string({ ...length, unit: "grapheme-ascii" }) },
    { weight: 1, arbitrary: fc.string({ ...length, unit: "grapheme" }) },
  );
}

/** Undefined for patterns with look-ahead, which fast-check cannot follow. */
function textsOf(pattern: string, maxLength: number): Arbitrary<string> | undefined {
  // Unanchored, as "\\S" for "not only spaces": the rest is free, and mostly refused if it were of control characters.
  if (!pattern.startsWith("^"))
    return fc.string({ minLength: 1, maxLength: Math.min(60, maxLength), unit: "grapheme-ascii" });
  try {
    return fc.stringMatching(new RegExp(pattern), { size: "-1" }).filter((text) => text.length <= maxLength);
  } catch {
    return undefined;
  }
}
