import { z } from "zod";
import { patternText } from "../model/locality.ts";
import type { Shift } from "../model/shift.ts";
import type { Split } from "../model/split.ts";
import { sharesJson } from "../shift/edit-shift.ts";
import { time } from "./shapes.ts";

const typePrefix = "type.googleapis.com/weir.operator.v1";

/** What a shift has of a google.longrunning.Operation (AIP-151), beside its `name`. */
export const operationFields = {
  done: z.boolean(),
  metadata: z.object({
    "@type": z.literal(`${typePrefix}.ShiftMetadata`),
    target: z.string().meta({ description: "What it works on, such as trafficSplits/report" }),
    verb: z.literal("shift"),
    from: z.string(),
    createTime: time,
    endTime: time.optional(),
    createdBy: z.string(),
    progressPercent: z.number(),
  }),
  response: z
    .object({ "@type": z.literal(`${typePrefix}.ShiftResponse`), shares: z.record(z.string(), z.number()) })
    .optional()
    .meta({ description: "Of one that succeeded: the shares that the rule has" }),
  error: z.object({ code: z.number().int(), message: z.string() }).optional().meta({
    description:
      "google.rpc.Status: 10 (ABORTED) of one that its guard rolled back, 1 (CANCELLED) of one that somebody ended",
  }),
};

type OperationFields = z.output<z.ZodObject<typeof operationFields>>;

/** `weight`: percent of the way. */
export function operationFieldsOf(split: Split, shift: Shift, weight: number): OperationFields {
  const { ended } = shift;
  return {
    done: ended !== undefined,
    metadata: {
      "@type": `${typePrefix}.ShiftMetadata`,
      ...{ target: `trafficSplits/${split.name}`, verb: "shift", from: patternText(shift.from) },
      ...{ createTime: shift.startTime.toISOString(), createdBy: shift.by, progressPercent: weight },
      ...(ended && { endTime: ended.time.toISOString() }),
    },
    ...(ended?.outcome === "succeeded" && {
      response: { "@type": `${typePrefix}.ShiftResponse` as const, shares: sharesJson(shift.target) },
    }),
    ...(ended?.outcome === "rolledBack" && { error: { code: 10, message: ended.reason } }),
    ...(ended?.outcome === "aborted" && {
      error: { code: 1, message: `aborted by ${ended.by}${ended.reason === "" ? "" : `: ${ended.reason}`}` },
    }),
  };
}
