import { z } from "zod";
import { parseDuration } from "../policy/documents/duration.ts";

/** RFC 3339, UTC. */
export const time = z.iso.datetime().meta({ description: "RFC 3339, UTC" });
export const ageSeconds = z.number().min(0).meta({ description: "Seconds since then, by this server's clock" });

/** How long to wait at most, in milliseconds: `500ms`, `5s`, `1m`; at most five minutes. */
export const waitTime = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, 'expected a duration like "500ms", "5s" or "1m"')
  .transform((text) => Math.min(300_000, parseDuration(text) ?? 0));

export const flag = z.enum(["true", "false"]);

export function secondsSince(date: Date): number {
  return Math.max(0, (Date.now() - date.getTime()) / 1000);
}
