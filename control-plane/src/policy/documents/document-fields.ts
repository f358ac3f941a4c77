import { z } from "zod";
import { parseLocality, parseLocalityPattern } from "../../model/locality.ts";
import { nameRule, parseServiceName, type ServiceName } from "../../model/names.ts";
import type { Path } from "./path-text.ts";
import { isJsonObject, type JsonObject } from "./plain-json.ts";
import { shown } from "./shown.ts";

export const apiVersionText = "weir/v1alpha1";
export const apiVersion = z.literal(apiVersionText).describe("The version of this format.");

/** The largest number that Envoy's 32-bit fields hold. */
const uint32Max = 4_294_967_295;

export const count = (minimum: number) => z.int().min(minimum).max(uint32Max);
export const percent = (minimum = 0) => z.int().min(minimum).max(100);

/** A name of a document, service or host; checked by the same rule as the names inside. */
export const nameText = z
  .string()
  .superRefine((text, context) => {
    if (parseServiceName(text) === undefined)
      context.addIssue({ code: "custom", message: `${shown(text)} is no name: expected ${nameRule}` });
  })
  .meta({ minLength: 1, maxLength: 200, examples: ["report"] });

/** Of text that `nameText` has let through. */
export function nameOf(text: string): ServiceName {
  const name = parseServiceName(text);
  if (name === undefined) throw new Error(`"${text}" passed its schema but is no name`);
  return name;
}

export const localityField = z
  .string()
  .superRefine((text, context) => {
    const locality = parseLocality(text);
    if (!locality.ok) for (const { says } of locality.problems) context.addIssue({ code: "custom", message: says });
  })
  .meta({ examples: ["dc-a/z1"] });

export const patternField = z
  .string()
  .superRefine((text, context) => {
    const pattern = parseLocalityPattern(text);
    if (!pattern.ok) for (const { says } of pattern.problems) context.addIssue({ code: "custom", message: says });
  })
  .meta({ examples: ["dc-a", "dc-a/z1"] });

/** A field that may be left out; its description, for editors, ends with what then holds. */
export function withDefault<S extends z.ZodType<string | number | boolean>>(
  schema: S,
  value: z.input<S>,
  description: string,
): z.ZodDefault<S> {
  return z._default(schema, value as never).describe(`${description} Default: ${value}.`);
}

const label = z.string().max(1024);

export const metadata = z
  .strictObject({
    name: nameText.describe("Its name; one document of each kind and name."),
    labels: z.record(z.string(), label).optional().describe("Your own marks; Weir keeps and shows them, nothing more."),
  })
  .describe("What this document is called.");

/**
 * Adds a check of how fields go together. It runs also when one of them is wrong in itself, so that everything wrong is said
 * at once; hence it is given what is there, unchecked.
 */
export function together<S extends z.ZodType>(schema: S, check: (value: JsonObject) => Found): S {
  return schema.superRefine((value, context) => addIssues(context, check(value as JsonObject)), {
    when: ({ value }) => isJsonObject(value),
  });
}

/** The same for a list, checked as a whole. */
export function listTogether<S extends z.ZodType>(schema: S, check: (entries: readonly unknown[]) => Found): S {
  return schema.superRefine((value, context) => addIssues(context, check(value as readonly unknown[])), {
    when: ({ value }) => Array.isArray(value),
  });
}

type Found = readonly { readonly path: Path; readonly says: string }[];

function addIssues(context: z.core.$RefinementCtx, found: Found): void {
  for (const { path, says } of found) context.addIssue({ code: "custom", message: says, path: [...path] });
}

/** Of several fields exactly one must be there, as in `{registry: {}}`. */
export function exactlyOneOf<S extends z.ZodType>(schema: S, fields: readonly string[]): S {
  const words = fields.join(", ");
  return schema.superRefine(
    (value, context) => {
      const found = fields.filter((field) => (value as JsonObject)[field] !== undefined);
      // A field that is not known is probably the one that was meant, and is reported by itself.
      const isMisspelt = context.issues.some(({ code }) => code === "unrecognized_keys");
      if (found.length === 0 && !isMisspelt) context.addIssue({ code: "custom", message: `expected one of ${words}` });
      if (found.length < 2) return;
      const message = `expected only one of ${words}, not ${found.join(" and ")} together`;
      context.addIssue({ code: "custom", message, path: found.slice(1, 2) });
    },
    { when: ({ value }) => isJsonObject(value) },
  );
}
