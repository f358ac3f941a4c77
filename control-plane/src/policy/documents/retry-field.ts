import { z } from "zod";
import { defaultPolicy } from "../../model/default-policy.ts";
import type { RateLimitedBackOff, Retry, RetryCode, RetryCondition } from "../../model/policy.ts";
import { count, percent, together, withDefault } from "./document-fields.ts";
import { duration, durationMs, durationText, notShorter } from "./duration.ts";

const { retry: defaultRetry } = defaultPolicy;
if (defaultRetry.kind !== "on" || !defaultRetry.otherHost) throw new Error("the default policy must have retries on");
const defaults = { ...defaultRetry, selectionAttempts: defaultRetry.otherHost.selectionAttempts };

const time = duration({ minMs: 1 });

const codes = ["CANCELLED", "DEADLINE_EXCEEDED", "INTERNAL", "RESOURCE_EXHAUSTED", "UNAVAILABLE"] as const;
const conditions = [
  "5xx",
  "gateway-error",
  "reset",
  "reset-before-request",
  "connect-failure",
  "envoy-ratelimited",
  "retriable-4xx",
  "refused-stream",
] as const satisfies readonly RetryCondition[];

const header = z
  .string()
  .max(256)
  .regex(/^[0-9a-z!#$%&'*+.^_|~-]+$/, "expected the name of a header in lower case")
  .meta({ examples: ["retry-after"] });

const backOff = together(
  z.strictObject({
    baseInterval: withDefault(time, durationText(defaults.backOff.baseMs), "First wait; doubles, with jitter."),
    maxInterval: withDefault(time, durationText(defaults.backOff.maxMs), "Longest wait."),
  }),
  // Envoy: "retry_policy.max_interval must greater than or equal to the base_interval".
  (fields) => notShorter(fields, "baseInterval", "maxInterval"),
);

const resetHeader = z.strictObject({
  name: header.describe("Its name, in lower case."),
  format: withDefault(z.enum(["Seconds", "UnixTimestamp"]), "Seconds", "How it says when."),
});

const rateLimitedBackOff = z.strictObject({
  headers: z
    .array(resetHeader)
    .min(1)
    .max(10)
    .prefault([{ name: "retry-after" }])
    .describe("Headers of the answer; the first that is there holds. Default: [{name: retry-after}]."),
  maxInterval: withDefault(time, "5m", "A header that says more does not count."),
});

const otherPriority = z.strictObject({
  updateFrequency: withDefault(
    z.int().min(1).max(10),
    2,
    "After so many failed tries the priorities that they were sent to are left out.",
  ),
});

export const retry = z.strictObject({
  attempts: withDefault(z.int().min(0).max(10), defaults.attempts, "Retries after the first try; 0 is off."),
  retryOn: z
    .array(z.enum([...codes, ...conditions]))
    .min(1)
    .max(codes.length + conditions.length)
    .default([...defaults.retryOn])
    .describe(
      `gRPC status codes that are tried again, and in Envoy HTTP conditions. What never reached a server is tried again by Envoy in any case. Default: [${defaults.retryOn.join(", ")}].`,
    ),
  retriableStatusCodes: z
    .array(z.int().min(300).max(599))
    .max(100)
    .default([])
    .describe("Envoy only: HTTP status codes that are tried again. Default: none."),
  retriableHeaders: z
    .array(header)
    .max(20)
    .default([])
    .describe("Envoy only: answers with one of these headers are tried again. Default: none."),
  perTryTimeout: time.optional().describe("Envoy only: limit of one try. Default: none of its own."),
  perTryIdleTimeout: time
    .optional()
    .describe("Envoy only: limit of one try without a byte of its answer. Default: none of its own."),
  backOff: backOff.prefault({}).describe("How long to wait before a retry."),
  rateLimitedBackOff: rateLimitedBackOff
    .optional()
    .describe("Envoy only: waits as long as the answer says, {} by retry-after. Default: backOff."),
  budget: z
    .strictObject({
      percent: withDefault(percent(), defaults.budget.percent, "Percent of the active requests that may be retries."),
      minRetryConcurrency: withDefault(
        count(0),
        defaults.budget.minRetryConcurrency,
        "Retries at a time that are always allowed.",
      ),
      interval: withDefault(
        duration({ minMs: 0 }),
        durationText(defaults.budget.intervalMs),
        "Requests that began in this time count as active too: that allows more retries, not fewer.",
      ),
    })
    .prefault({})
    .describe("Envoy only: keeps retries from making an outage worse."),
  otherHost: withDefault(z.boolean(), true, "Envoy only: to another endpoint than those that failed."),
  hostSelectionAttempts: withDefault(
    z.int().min(1).max(100),
    defaults.selectionAttempts,
    "Envoy only: how often another endpoint is looked for, before any will do.",
  ),
  otherPriority: otherPriority
    .optional()
    .describe("Envoy only: to another priority than those that failed, {} after every second try. Default: any."),
});

/** What `spec.retry` says. */
export function retryOf({ attempts, retryOn, budget, ...spec }: z.output<typeof retry>): Retry {
  if (attempts === 0) return { kind: "off" };
  const asked = [...new Set(retryOn)];
  return {
    kind: "on",
    attempts,
    retryOn: asked.filter((each) => isCode(each)),
    conditions: asked.filter((each) => !isCode(each)),
    statusCodes: [...new Set(spec.retriableStatusCodes)],
    headers: [...new Set(spec.retriableHeaders)],
    perTryTimeoutMs: spec.perTryTimeout === undefined ? undefined : durationMs(spec.perTryTimeout),
    perTryIdleTimeoutMs: spec.perTryIdleTimeout === undefined ? undefined : durationMs(spec.perTryIdleTimeout),
    backOff: { baseMs: durationMs(spec.backOff.baseInterval), maxMs: durationMs(spec.backOff.maxInterval) },
    rateLimitedBackOff: rateLimitedBackOffOf(spec.rateLimitedBackOff),
    budget: {
      percent: budget.percent,
      minRetryConcurrency: budget.minRetryConcurrency,
      intervalMs: durationMs(budget.interval),
    },
    otherHost: spec.otherHost ? { selectionAttempts: spec.hostSelectionAttempts } : undefined,
    otherPriority: spec.otherPriority,
  };
}

function rateLimitedBackOffOf(spec: z.output<typeof rateLimitedBackOff> | undefined): RateLimitedBackOff | undefined {
  if (spec === undefined) return undefined;
  return {
    headers: spec.headers.map(({ name, format }) => ({
      name,
      format: format === "Seconds" ? "seconds" : "unix-timestamp",
    })),
    maxMs: durationMs(spec.maxInterval),
  };
}

function isCode(asked: RetryCode | RetryCondition): asked is RetryCode {
  return codes.some((code) => code === asked);
}
