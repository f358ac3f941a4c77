import { z } from "zod";
import { defaultPolicy } from "../../model/default-policy.ts";
import type { Retry } from "../../model/policy.ts";
import { count, percent, together, withDefault } from "./document-fields.ts";
import { duration, durationMs, durationText, notShorter } from "./duration.ts";

const defaults = defaultPolicy.retry;
if (defaults.kind !== "on") throw new Error("the default policy must have retries on");

const time = duration({ minMs: 1 });

const backOff = together(
  z.strictObject({
    baseInterval: withDefault(time, durationText(defaults.backOff.baseMs), "First wait; doubles, with jitter."),
    maxInterval: withDefault(time, durationText(defaults.backOff.maxMs), "Longest wait."),
  }),
  // Envoy: "retry_policy.max_interval must greater than or equal to the base_interval".
  (fields) => notShorter(fields, "baseInterval", "maxInterval"),
);

export const retry = z.strictObject({
  attempts: withDefault(z.int().min(0).max(10), defaults.attempts, "Retries after the first try; 0 is off."),
  retryOn: z
    .array(z.enum(["CANCELLED", "DEADLINE_EXCEEDED", "INTERNAL", "RESOURCE_EXHAUSTED", "UNAVAILABLE"]))
    .min(1)
    .max(5)
    .default([...defaults.retryOn])
    .describe(`gRPC status codes that are tried again. Default: [${defaults.retryOn.join(", ")}].`),
  perTryTimeout: time.optional().describe("Envoy only: limit of one try. Default: none of its own."),
  backOff: backOff.prefault({}).describe("How long to wait before a retry."),
  budget: z
    .strictObject({
      percent: withDefault(percent(), defaults.budget.percent, "Percent of the active requests that may be retries."),
      minRetryConcurrency: withDefault(
        count(0),
        defaults.budget.minRetryConcurrency,
        "Retries at a time that are always allowed.",
      ),
    })
    .prefault({})
    .describe("Envoy only: keeps retries from making an outage worse."),
});

/** What `spec.retry` says. */
export function retryOf({ attempts, retryOn, perTryTimeout, backOff, budget }: z.output<typeof retry>): Retry {
  if (attempts === 0) return { kind: "off" };
  return {
    kind: "on",
    attempts,
    retryOn: [...new Set(retryOn)],
    perTryTimeoutMs: perTryTimeout === undefined ? undefined : durationMs(perTryTimeout),
    backOff: { baseMs: durationMs(backOff.baseInterval), maxMs: durationMs(backOff.maxInterval) },
    budget,
  };
}
