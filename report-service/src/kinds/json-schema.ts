import { Ajv, type ErrorObject } from "ajv";
import formats from "ajv-formats";
import type { Problem } from "../model/parsed.ts";

// Draft 7: checking schemas against the 2020-12 meta-schema would add 50 ms of CPU to each start, and what it adds is of
// no use for flat parameters.
const ajv = new Ajv({ allErrors: true, useDefaults: true, strict: false, logger: false });
formats.default(ajv);

/** Every violation in `value`, which is given the schema's defaults in place. */
export type Check = (value: unknown) => readonly Problem[];

/** A check for `schema` (JSON Schema draft 7); throws where the schema itself is wrong. */
export function compileSchema(schema: object): Check {
  const validate = ajv.compile(schema);
  return (value) => (validate(value) ? [] : (validate.errors ?? []).filter(saysWhat).map(problemOf));
}

// `anyOf` and the like repeat what the errors of their branches have said.
function saysWhat(error: ErrorObject): boolean {
  return error.keyword !== "anyOf" && error.keyword !== "if";
}

function problemOf(error: ErrorObject): Problem {
  const path = error.instancePath.split("/").slice(1).map(unescapePointer);
  const named = error.params["missingProperty"] ?? error.params["additionalProperty"];
  return { at: [...path, ...(named === undefined ? [] : [String(named)])].join("."), says: sayings(error) };
}

function sayings(error: ErrorObject): string {
  switch (error.keyword) {
    case "required":
      return "is missing";
    case "additionalProperties":
      return "is not known";
    case "enum":
      return `must be one of ${JSON.stringify(error.params["allowedValues"])}`;
    case "const":
      return `must be ${JSON.stringify(error.params["allowedValue"])}`;
    default:
      return error.message ?? `breaks "${error.keyword}"`;
  }
}

// https://datatracker.ietf.org/doc/html/rfc6901#section-3
function unescapePointer(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}
