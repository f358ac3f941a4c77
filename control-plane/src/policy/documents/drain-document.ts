import { z } from "zod";
import type { Drain } from "../../model/drain.ts";
import { parseLocalityPattern } from "../../model/locality.ts";
import { apiVersion, metadata, nameOf, nameText, patternField } from "./document-fields.ts";
import { exceptionFields } from "./exception-fields.ts";
import { patternOf } from "./split-checks.ts";

export const drainDocument = z
  .strictObject({
    apiVersion,
    kind: z.literal("Drain").describe("A place that is left alone for a while."),
    metadata,
    spec: z
      .strictObject({
        locality: patternField
          .refine(
            (text) => patternOf(text)?.region !== undefined,
            'expected a region or zone, not "*": nothing would be left',
          )
          .describe("The region or zone."),
        mode: z
          .enum(["Drain", "Isolate"])
          .default("Drain")
          .describe(
            "Drain: nobody is sent there while there is anywhere else. Isolate: callers there are sent nowhere else, and others not there. Default: Drain.",
          ),
        services: z
          .array(nameText)
          .min(1)
          .max(1000)
          .optional()
          .describe("Whose requests. Default: all services, those that come later too."),
        ...exceptionFields,
      })
      .describe("Where, whose requests, why and until when."),
  })
  .describe("A Drain: a zone or a data center that is taken out, or cut off, for a while.");

/** What a Drain document says. */
export function drainOf({ metadata, spec }: z.output<typeof drainDocument>): Drain {
  const { locality, mode, services, reason, by, expireTime } = spec;
  const pattern = parseLocalityPattern(locality);
  if (!pattern.ok) throw new Error(`"${locality}" passed its schema but is no locality`);
  return {
    ...{ name: metadata.name, locality: pattern.value, reason, by, expireTime: new Date(expireTime) },
    mode: mode === "Drain" ? "drain" : "isolate",
    services: services?.map(nameOf),
  };
}
