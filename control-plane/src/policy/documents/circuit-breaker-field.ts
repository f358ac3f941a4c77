import { z } from "zod";
import { defaultPolicy } from "../../model/default-policy.ts";
import type { CircuitBreaker } from "../../model/policy.ts";
import { count, withDefault } from "./document-fields.ts";

const defaults = defaultPolicy.circuitBreaker;

export const circuitBreaker = z.strictObject({
  maxConnections: withDefault(count(1), defaults.maxConnections, "Envoy only."),
  maxPendingRequests: withDefault(
    count(1),
    defaults.maxPendingRequests,
    "Envoy only: requests that wait for a connection.",
  ),
  maxRequests: withDefault(count(1), defaults.maxRequests, "Requests in flight; the only one that gRPC clients apply."),
  maxRetries: count(0)
    .optional()
    .describe("Envoy only: retries at a time, in place of retry.budget. Default: the budget."),
  perEndpoint: z
    .strictObject({
      maxConnections: count(1).optional().describe("Envoy only: connections to one endpoint. Default: no limit."),
    })
    .prefault({})
    .describe("Limits for each endpoint."),
});

/** What `spec.circuitBreaker` says. */
export function circuitBreakerOf({
  maxRetries,
  perEndpoint: { maxConnections },
  ...spec
}: z.output<typeof circuitBreaker>): CircuitBreaker {
  return { ...spec, maxRetries, perEndpoint: { maxConnections } };
}
