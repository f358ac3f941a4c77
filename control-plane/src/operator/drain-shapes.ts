import { z } from "zod";
import type { Headroom } from "../drain/headroom.ts";
import type { Drain } from "../model/drain.ts";
import { patternText } from "../model/locality.ts";
import { parseDuration } from "../policy/documents/duration.ts";
import { longestOverrideMs } from "../policy/documents/late-overrides.ts";
import type { StoredDocument } from "../policy/policy-store.ts";
import { time } from "./shapes.ts";

const dayMs = 86_400_000;

/** `30m`, `2h`, `1d12h` in milliseconds. */
const span = z
  .string()
  .refine((text) => spanMs(text) !== undefined, 'expected a duration such as "30m", "2h" or "1d12h"')
  .refine((text) => {
    const ms = spanMs(text) ?? 1_000;
    return ms >= 1_000 && ms <= longestOverrideMs;
  }, "expected 1s to 14d: an exception that outlives those who know of it is none")
  .transform((text) => spanMs(text) ?? 0)
  .meta({ description: "When it ends by itself: 30m, 2h, 1d12h; at most 14 days", examples: ["2h"] });

const services = z
  .array(z.string())
  .min(1)
  .max(1_000)
  .optional()
  .meta({ description: 'Whose requests; absent or ["*"]: of all services, those that come later too' });

const reason = z.string().max(500).optional();

export const drainBody = z.strictObject({
  services,
  duration: span,
  reason: reason.meta({ description: "Why; needed, here, as ?reason= or as X-Weir-Reason" }),
  force: z.boolean().optional().meta({ description: "Even where what is left is too little" }),
});

export const undrainBody = z.strictObject({ services, reason });

/** A drain with its countdown. */
export const drainRow = z.object({
  name: z.string(),
  locality: z.string(),
  mode: z.enum(["drain", "isolate"]),
  services: z.array(z.string()).optional().meta({ description: "Absent: all" }),
  reason: z.string(),
  by: z.string(),
  startTime: time.meta({ description: "When it was last written" }),
  expireTime: time,
  expiresInSeconds: z.number().meta({ description: "0: it has ended, and does nothing any more" }),
  etag: z.string(),
  revision: z.number().int(),
});

export function drainRowOf(
  drain: Drain,
  { etag, revision, changed }: StoredDocument,
  now: Date,
): z.output<typeof drainRow> {
  const { name, locality, mode, services, reason, by, expireTime } = drain;
  return {
    ...{ name, locality: patternText(locality), mode, reason, by, etag, revision },
    ...(services && { services: [...services] }),
    startTime: changed.at.toISOString(),
    expireTime: expireTime.toISOString(),
    expiresInSeconds: Math.max(0, (expireTime.getTime() - now.getTime()) / 1000),
  };
}

export const headroomShape = z.object({
  services: z.array(
    z.object({
      service: z.string(),
      basis: z.enum(["observed", "declared", "clients", "imagined"]).meta({
        description:
          "What the callers' parts rest on: load reports, expectedRps, all connected clients alike, or a caller in each region",
      }),
      rps: z.number().optional().meta({ description: "Of all callers; absent: nobody knows" }),
      places: z.array(
        z.object({
          place: z.string(),
          percentBefore: z.number(),
          percentAfter: z.number(),
          rpsAfter: z.number().optional(),
          serving: z.number().int().meta({ description: "Serving endpoints that are not drained" }),
          capacityRps: z.number().optional().meta({ description: "What they bear; absent: nobody said" }),
        }),
      ),
    }),
  ),
  missing: z.array(z.string()).meta({ description: "Why it is refused unless forced" }),
  warnings: z.array(z.string()),
});

export function headroomOf({ services, missing, warnings }: Headroom): z.output<typeof headroomShape> {
  return {
    services: services.map(({ service, basis, rps, places }) => ({
      ...{ service, basis },
      ...(rps !== undefined && { rps }),
      places: places.map(({ rpsAfter, capacityRps, ...rest }) => ({
        ...rest,
        ...(rpsAfter !== undefined && { rpsAfter }),
        ...(capacityRps !== undefined && { capacityRps }),
      })),
    })),
    missing: [...missing],
    warnings: [...warnings],
  };
}

function spanMs(text: string): number | undefined {
  const [, days = "0", rest = ""] = /^(?:(\d{1,3})d)?(.*)$/.exec(text) ?? [];
  const restMs = rest === "" ? 0 : parseDuration(rest);
  return text === "" || restMs === undefined ? undefined : Number(days) * dayMs + restMs;
}
