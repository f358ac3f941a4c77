import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  type CircuitBreakers,
  type CircuitBreakers_Thresholds_RetryBudgetSchema,
  CircuitBreakersSchema,
} from "@weir/proto/envoy/config/cluster/v3/circuit_breaker_pb.ts";
import { RoutingPriority } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import { defaultPolicy } from "../../model/default-policy.ts";
import type { CircuitBreaker, Retry, RetryBudget } from "../../model/policy.ts";
import type { Viewer } from "../../model/viewer.ts";

/**
 * How much may be under way to a service from one client. Always said: Envoy and gRPC (gRFC A32) hold 1024 requests to be
 * the limit when nothing is. Our routes all have the default priority, so that is the only one with limits.
 */
export function circuitBreakersOf(limits: CircuitBreaker, retry: Retry, flavour: Viewer["flavour"]): CircuitBreakers {
  const { maxConnections, maxPendingRequests, maxRequests, maxRetries, perEndpoint } = limits;
  if (flavour === "grpc")
    return create(CircuitBreakersSchema, { thresholds: [{ priority: RoutingPriority.DEFAULT, maxRequests }] });
  return create(CircuitBreakersSchema, {
    thresholds: [
      {
        priority: RoutingPriority.DEFAULT,
        maxConnections,
        maxPendingRequests,
        maxRequests,
        trackRemaining: true,
        ...(maxRetries === undefined ? { retryBudget: retryBudgetOf(budgetOf(retry)) } : { maxRetries }),
      },
    ],
    // Of these Envoy 1.40 obeys the connections only.
    perHostThresholds:
      perEndpoint.maxConnections === undefined
        ? []
        : [{ priority: RoutingPriority.DEFAULT, maxConnections: perEndpoint.maxConnections }],
  });
}

/** Said also where the policy retries nothing, for a route may: Envoy's `max_retries` of 3 is used up at once by a busy client. */
function budgetOf(retry: Retry): RetryBudget {
  if (retry.kind === "on") return retry.budget;
  if (defaultPolicy.retry.kind === "on") return defaultPolicy.retry.budget;
  throw new Error("the default policy must have retries on");
}

function retryBudgetOf({
  percent,
  minRetryConcurrency,
  intervalMs,
}: RetryBudget): MessageInitShape<typeof CircuitBreakers_Thresholds_RetryBudgetSchema> {
  return {
    budgetPercent: { value: percent },
    minRetryConcurrency,
    ...(intervalMs > 0 && { budgetInterval: durationFromMs(intervalMs) }),
  };
}
