import { z } from "zod";
import type { LoadBalancer } from "../../model/policy.ts";
import { withDefault } from "./document-fields.ts";
import { duration, durationMs } from "./duration.ts";

const metric = z
  .string()
  .max(256)
  .regex(
    /^(cpu_utilization|mem_utilization|application_utilization|(named_metrics|utilization|request_cost)\.[!-~]+)$/,
    "expected the name of a metric in ORCA's reports, such as named_metrics.queue",
  )
  .meta({ examples: ["named_metrics.queue"] });

const outOfBand = z.strictObject({
  period: withDefault(duration({ minMs: 100 }), "10s", "How often a report is asked for."),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe("Envoy only: where reports are served. Default: the endpoint's port."),
});

export const weightedRoundRobin = z.strictObject({
  blackoutPeriod: withDefault(
    duration({ minMs: 0 }),
    "10s",
    "How long an endpoint must have reported before its weight counts.",
  ),
  weightExpirationPeriod: withDefault(
    duration({ minMs: 1 }),
    "3m",
    "How long after its last report an endpoint's weight counts.",
  ),
  weightUpdatePeriod: withDefault(duration({ minMs: 100 }), "1s", "Time between two calculations of the weights."),
  errorUtilizationPenalty: withDefault(
    z.number().min(0).max(1000),
    1,
    "How much an endpoint's share of errors adds to its utilization.",
  ),
  metrics: z
    .array(metric)
    .max(20)
    .default([])
    .describe("Envoy only: metrics whose largest is the utilization. Default: the application's, else the CPU's."),
  outOfBand: outOfBand
    .optional()
    .describe("Reports on a stream of their own, {} or with a period. Default: with each answer."),
});

/** What `spec.loadBalancer.weightedRoundRobin` says. */
export function weightedRoundRobinOf({
  outOfBand,
  ...spec
}: z.output<typeof weightedRoundRobin>): Omit<
  Extract<LoadBalancer, { readonly kind: "weighted-round-robin" }>,
  "slowStart"
> {
  return {
    kind: "weighted-round-robin",
    blackoutMs: durationMs(spec.blackoutPeriod),
    weightExpirationMs: durationMs(spec.weightExpirationPeriod),
    weightUpdateMs: durationMs(spec.weightUpdatePeriod),
    errorUtilizationPenalty: spec.errorUtilizationPenalty,
    metrics: spec.metrics,
    outOfBand: outOfBand && { periodMs: durationMs(outOfBand.period), port: outOfBand.port },
  };
}
