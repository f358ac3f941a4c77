import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type CircuitBreakers,
  type CircuitBreakers_Thresholds_RetryBudgetSchema,
  CircuitBreakersSchema,
} from "@weir/proto/envoy/config/cluster/v3/circuit_breaker_pb.ts";
import { RoutingPriority } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import type { CircuitBreaker, Retry } from "../model/policy.ts";
import type { Viewer } from "../model/viewer.ts";

/**
 * How much may be under way to a service from one client. Always said: Envoy and gRPC (gRFC A32) hold 1024 requests to be
 * the limit when nothing is. Our routes all have the default priority, so that is the only one with limits.
 */
export function circuitBreakersOf(limits: CircuitBreaker, retry: Retry, flavour: Viewer["flavour"]): CircuitBreakers {
  const { maxConnections, maxPendingRequests, maxRequests, perEndpoint } = limits;
  if (flavour === "grpc")
    return create(CircuitBreakersSchema, { thresholds: [{ priority: RoutingPriority.DEFAULT, maxRequests }] });
  const budget = retryBudgetOf(retry);
  return create(CircuitBreakersSchema, {
    thresholds: [
      {
        priority: RoutingPriority.DEFAULT,
        maxConnections,
        maxPendingRequests,
        maxRequests,
        trackRemaining: true,
        ...(budget && { retryBudget: budget }),
      },
    ],
    perHostThresholds:
      perEndpoint.maxConnections === undefined
        ? []
        : [{ priority: RoutingPriority.DEFAULT, maxConnections: perEndpoint.maxConnections }],
  });
}

/** A budget replaces Envoy's `max_retries` of 3, which a busy client has used up at once. */
function retryBudgetOf(
  retry: Retry,
): MessageInitShape<typeof CircuitBreakers_Thresholds_RetryBudgetSchema> | undefined {
  if (retry.kind === "off") return undefined;
  return {
    budgetPercent: { value: retry.budget.percent },
    minRetryConcurrency: retry.budget.minRetryConcurrency,
  };
}
