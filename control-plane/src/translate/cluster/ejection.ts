import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  type OutlierDetection,
  OutlierDetectionSchema,
} from "@weir/proto/envoy/config/cluster/v3/outlier_detection_pb.ts";
import type { OutlierDetection as Policy } from "../../model/policy.ts";

/**
 * Which endpoints a client stops using after what it saw of them. Every field is explicit: grpc-js-xds 1.14.1 copies unset
 * `success_rate_*` over grpc-js's defaults and the client's process then dies with "Reduce of empty array" one interval later.
 */
export function outlierDetectionOf(policy: Policy): OutlierDetection | undefined {
  if (policy.kind === "off") return undefined;
  const { successRate, failurePercentage, consecutive5xxErrors, consecutiveGatewayErrors } = policy;
  const localOrigin = policy.localOrigin ?? together;
  return create(OutlierDetectionSchema, {
    interval: durationFromMs(policy.intervalMs),
    baseEjectionTime: durationFromMs(policy.baseEjectionMs),
    maxEjectionTime: durationFromMs(Math.max(policy.maxEjectionMs, policy.baseEjectionMs)),
    maxEjectionPercent: policy.maxEjectionPercent,
    enforcingSuccessRate: successRate.enforcing,
    successRateMinimumHosts: successRate.minimumHosts,
    successRateRequestVolume: successRate.requestVolume,
    successRateStdevFactor: successRate.stdevFactor,
    enforcingFailurePercentage: failurePercentage.enforcing,
    failurePercentageThreshold: failurePercentage.threshold,
    failurePercentageMinimumHosts: failurePercentage.minimumHosts,
    failurePercentageRequestVolume: failurePercentage.requestVolume,
    // From here on for Envoy: gRPC counts calls, not errors in a row (gRFC A50).
    consecutive5xx: atLeastOne(consecutive5xxErrors),
    enforcingConsecutive5xx: unlessOff(consecutive5xxErrors, policy.enforcingConsecutive5xxErrors),
    consecutiveGatewayFailure: atLeastOne(consecutiveGatewayErrors),
    enforcingConsecutiveGatewayFailure: unlessOff(consecutiveGatewayErrors, policy.enforcingConsecutiveGatewayErrors),
    splitExternalLocalOriginErrors: policy.localOrigin !== undefined,
    consecutiveLocalOriginFailure: atLeastOne(localOrigin.consecutiveFailures),
    enforcingConsecutiveLocalOriginFailure: unlessOff(
      localOrigin.consecutiveFailures,
      localOrigin.enforcingConsecutiveFailures,
    ),
    enforcingLocalOriginSuccessRate: localOrigin.enforcingSuccessRate,
    enforcingFailurePercentageLocalOrigin: localOrigin.enforcingFailurePercentage,
    maxEjectionTimeJitter: durationFromMs(policy.maxJitterMs),
    successfulActiveHealthCheckUnejectHost: policy.successfulActiveHealthCheckUnejectHost,
    alwaysEjectOneHost: policy.alwaysEjectOneHost,
    // Newer than the rest, so unset where it says nothing.
    ...(policy.detectDegradedHosts && { detectDegradedHosts: true }),
  });
}

/** Connections that fail then count as the 503 that the caller gets, for all of the other detectors. */
const together = {
  consecutiveFailures: 5,
  enforcingConsecutiveFailures: 0,
  enforcingSuccessRate: 0,
  enforcingFailurePercentage: 0,
};

function unlessOff(threshold: number, enforcing: number): number {
  return threshold === 0 ? 0 : enforcing;
}

function atLeastOne(threshold: number): number {
  return Math.max(1, threshold);
}
