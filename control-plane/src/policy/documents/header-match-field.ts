import { z } from "zod";
import type { HeaderMatch, QueryMatch, TextMatch } from "../../model/route.ts";
import { together, withDefault } from "./document-fields.ts";
import type { JsonObject } from "./plain-json.ts";
import { regexMatches, regexProblem } from "./regex-field.ts";
import { shown } from "./shown.ts";

/** Of HTTP/2: no capital letters. Not those that clients answer for themselves: a host, a method and a path have fields of their own. */
export const headerName = z
  .string()
  .max(256)
  .regex(/^[0-9a-z!#$%&'*+.^_|~-]+$/, "expected the name of a header in lower case")
  .refine((name) => name !== "host", "is no header to clients of HTTP/2: use spec.hosts")
  // gRPC clients (gRFC A28) never match a binary header.
  .refine((name) => !name.endsWith("-bin"), "is binary: gRPC clients do not look at it")
  .meta({ examples: ["x-canary"] });

const types = ["Exact", "Prefix", "RegularExpression", "Present"] as const;

const value = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^[\x20-\x7e]*$/, "expected printable ASCII")
  .optional()
  .describe("What it has to be, or begin with, or the regular expression (RE2) of the whole; not for Present.");

const type = withDefault(z.enum(types), "Exact", "How value is meant; Present: any value will do.");

/** A condition on a header, as in matches of a Route. */
export const headerMatch = together(
  z.strictObject({
    name: headerName.describe("Its name, in lower case."),
    value,
    type,
    invert: withDefault(z.boolean(), false, "Requests that do not have it so, or not at all."),
  }),
  (fields) => [...valueProblems(fields), ...emptyInverted(fields)],
);

/** A condition on a parameter of the query. */
export const queryMatch = together(
  z.strictObject({
    name: z
      .string()
      .min(1)
      .max(256)
      .regex(/^[\x21-\x7e]+$/, "expected printable ASCII without spaces")
      .describe("Its name.")
      .meta({ examples: ["version"] }),
    value,
    type,
  }),
  valueProblems,
);

export function headerMatchOf({ name, invert, ...rest }: z.output<typeof headerMatch>): HeaderMatch {
  return { name, invert, value: conditionOf(rest) };
}

export function queryMatchOf({ name, ...rest }: z.output<typeof queryMatch>): QueryMatch {
  return { name, value: conditionOf(rest) };
}

function conditionOf({
  type,
  value = "",
}: Pick<z.output<typeof queryMatch>, "type" | "value">): TextMatch | { readonly kind: "present" } {
  switch (type) {
    case "Exact":
      return { kind: "exact", text: value };
    case "Prefix":
      return { kind: "prefix", text: value };
    case "RegularExpression":
      return { kind: "regex", regex: value };
    default:
      return { kind: "present" };
  }
}

function valueProblems({ type, value }: JsonObject) {
  if (type === "Present")
    return value === undefined ? [] : [{ path: ["value"], says: "is not for Present: any value will do" }];
  if (value === undefined) return [{ path: [], says: "has no value to match; if any will do: type: Present" }];
  const problem = type === "RegularExpression" && typeof value === "string" ? regexProblem(value) : undefined;
  return problem === undefined ? [] : [{ path: ["value"], says: `${shown(value)} ${problem}` }];
}

/** A header that is not there is empty to Envoy and nothing to gRPC clients; so nothing may hang on that. */
function emptyInverted({ type, value, invert }: JsonObject) {
  if (type !== "RegularExpression" || invert !== true || typeof value !== "string") return [];
  if (regexProblem(value) !== undefined || !regexMatches(value, "")) return [];
  return [{ path: ["value"], says: `${shown(value)} matches the empty text too, and cannot be inverted` }];
}
