import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  type OutlierDetection,
  OutlierDetectionSchema,
} from "@weir/proto/envoy/config/cluster/v3/outlier_detection_pb.ts";
import type { OutlierDetection as Policy } from "../model/policy.ts";

/**
 * Which endpoints a client stops using after what it saw of them. Every field is explicit: grpc-js-xds 1.14.1 copies unset
 * `success_rate_*` over grpc-js's defaults and the client's process then dies with "Reduce of empty array" one interval later.
 */
export function outlierDetectionOf(policy: Policy): OutlierDetection | undefined {
  if (policy.kind === "off") return undefined;
  const { successRate, failurePercentage, consecutive5xxErrors, consecutiveGatewayErrors } = policy;
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
    enforcingConsecutive5xx: onOrOff(consecutive5xxErrors),
    consecutiveGatewayFailure: atLeastOne(consecutiveGatewayErrors),
    enforcingConsecutiveGatewayFailure: onOrOff(consecutiveGatewayErrors),
    // Connections that fail then count as the 503 that the caller gets, for all of the detectors above.
    splitExternalLocalOriginErrors: false,
    consecutiveLocalOriginFailure: 5,
    enforcingConsecutiveLocalOriginFailure: 0,
    enforcingLocalOriginSuccessRate: 0,
    enforcingFailurePercentageLocalOrigin: 0,
    // Endpoints ejected together do not all come back at once.
    maxEjectionTimeJitter: durationFromMs(Math.round(policy.baseEjectionMs / 6)),
    successfulActiveHealthCheckUnejectHost: true,
    alwaysEjectOneHost: false,
  });
}

function onOrOff(threshold: number): number {
  return threshold === 0 ? 0 : 100;
}

function atLeastOne(threshold: number): number {
  return Math.max(1, threshold);
}
