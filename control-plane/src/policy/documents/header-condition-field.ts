import { z } from "zod";
import type { HeaderMatch } from "../../model/route.ts";

/** A header's name as HTTP/2 has it; Envoy compares without regard to case, gRPC does not. */
export const headerName = z
  .string()
  .max(256)
  .regex(/^[0-9a-z!#$%&'*+.^_|~-]+$/, "expected the name of a header in lower case")
  .meta({ examples: ["x-tenant"] });

/** Printable ASCII, of which headers consist. */
export const headerText = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^[\x20-\x7e]+$/, "expected printable ASCII");

export const headerConditions = z
  .array(
    z.strictObject({
      name: headerName.describe("Its name."),
      value: headerText.optional().describe("Its value. Default: any."),
    }),
  )
  .max(16);

/** What such a list says. */
export function headerConditionsOf(conditions: z.output<typeof headerConditions>): HeaderMatch[] {
  return conditions.map(({ name, value }) => ({
    name,
    value: value === undefined ? { kind: "present" } : { kind: "exact", text: value },
    invert: false,
  }));
}
