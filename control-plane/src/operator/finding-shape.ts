import { z } from "zod";
import type { Finding } from "../plan/analyze/finding.ts";

export const severity = z.enum(["error", "warning", "info"]);

export const findingShape = z.object({
  code: z.string().meta({ examples: ["WR0202"] }),
  severity,
  document: z.object({ kind: z.string(), name: z.string() }),
  at: z
    .string()
    .meta({ description: "A path of the document", examples: ["spec.outlierDetection.maxEjectionPercent"] }),
  says: z.string(),
  remedy: z.string(),
  file: z.string().optional().meta({ description: "The file of the watched directory that its document stands in" }),
  help: z.string().meta({ description: "Its page, in Weir's repository" }),
});

export function findingOf({
  code,
  severity,
  document,
  at,
  says,
  remedy,
  help,
}: Finding): z.output<typeof findingShape> {
  return { code, severity, document: { ...document }, at, says, remedy, help };
}
