import { z } from "zod";
import type { JsonObject } from "./plain-json.ts";
import { shown } from "./shown.ts";

// GEP-2257, "Gateway API Duration Format": whole numbers of at most five digits, at most four of them, no fractions.
const format = /^([0-9]{1,5}(h|m|s|ms)){1,4}$/;

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** Milliseconds of `500ms`, `1m30s`; undefined for what is no duration. */
export function parseDuration(text: string): number | undefined {
  if (!format.test(text)) return undefined;
  return [...text.matchAll(/([0-9]+)(ms|h|m|s)/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ""] ?? 0),
    0,
  );
}

/** The shortest way to write whole milliseconds: `1m30s`, `500ms`, `0s`. */
export function durationText(ms: number): string {
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = Math.floor(ms / 1_000) % 60;
  const rest = ms % 1_000;
  const parts = [hours && `${hours}h`, minutes && `${minutes}m`, seconds && `${seconds}s`, rest && `${rest}ms`];
  return parts.filter(Boolean).join("") || "0s";
}

/**
 * A field that holds a duration. At most a day unless told: gRPC clients in Node keep timers in 32 bits, so that one of more
 * than 24.8 days would fire at once and for ever (Node's `setTimeout`).
 */
export function duration({ minMs, maxMs = 86_400_000 }: { readonly minMs: number; readonly maxMs?: number }) {
  const range = `expected a duration from ${durationText(minMs)} to ${durationText(maxMs)}`;
  return z
    .string()
    .superRefine((text, context) => {
      const ms = parseDuration(text);
      if (ms === undefined)
        context.addIssue({
          code: "custom",
          message: `${shown(text)} is no duration: expected whole numbers with h, m, s or ms, such as 500ms, 5s or 1m30s`,
        });
      else if (ms < minMs || ms > maxMs) context.addIssue({ code: "custom", message: `${range}, not ${text}` });
    })
    .meta({ pattern: format.source, examples: ["5s", "1m30s"] });
}

/** Of a duration that its schema has let through. */
export function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new Error(`"${text}" passed its schema but is no duration`);
  return ms;
}

/** One duration may not be longer than another, its default included. */
export function notShorter(fields: JsonObject, base: string, max: string) {
  const [least, most] = [fields[base], fields[max]];
  if (typeof least !== "string" || typeof most !== "string") return [];
  if ((parseDuration(least) ?? 0) <= (parseDuration(most) ?? Number.POSITIVE_INFINITY)) return [];
  return [{ path: [base], says: `${least} is longer than ${max} (${most})` }];
}
