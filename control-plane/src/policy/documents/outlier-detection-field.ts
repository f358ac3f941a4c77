import { z } from "zod";
import { defaultPolicy } from "../../model/default-policy.ts";
import type { OutlierDetection } from "../../model/policy.ts";
import { count, percent, together, withDefault } from "./document-fields.ts";
import { duration, durationMs, durationText, notShorter } from "./duration.ts";

const defaults = defaultPolicy.outlierDetection;
if (defaults.kind !== "on") throw new Error("the default policy must have outlier detection on");
const { failurePercentage, successRate } = defaults;

const time = duration({ minMs: 100 });
const enforcing = "Percent of the detections that eject; 0 is off.";
const minimumHosts = "Endpoints with enough requests, below which nothing is done.";
const requestVolume = "Requests in an interval that are enough.";

const localOrigin = z.strictObject({
  consecutiveFailures: withDefault(count(0), 5, "Failures in a row; 0 is off."),
  enforcingConsecutiveFailures: withDefault(percent(), 100, enforcing),
  enforcingSuccessRate: withDefault(percent(), 0, `By successRate. ${enforcing}`),
  enforcingFailurePercentage: withDefault(percent(), 0, `By failurePercentage. ${enforcing}`),
});

export const outlierDetection = together(
  z.strictObject({
    enabled: withDefault(z.boolean(), true, "false turns all of it off; the other fields then only wait."),
    interval: withDefault(time, durationText(defaults.intervalMs), "Time between two looks at all endpoints."),
    baseEjectionTime: withDefault(
      time,
      durationText(defaults.baseEjectionMs),
      "How long an endpoint is left out, times how often it was.",
    ),
    maxEjectionTime: withDefault(time, durationText(defaults.maxEjectionMs), "The longest it is left out."),
    maxEjectionPercent: withDefault(
      percent(),
      defaults.maxEjectionPercent,
      "Percent of the endpoints that may be left out at once; Envoy's own 10 ejects nothing below ten endpoints.",
    ),
    maxEjectionTimeJitter: duration({ minMs: 0 })
      .optional()
      .describe("Envoy only: at most so much longer, by chance. Default: a sixth of baseEjectionTime."),
    alwaysEjectOneHost: withDefault(
      z.boolean(),
      defaults.alwaysEjectOneHost,
      "Envoy only: one endpoint may be left out whatever maxEjectionPercent is.",
    ),
    successfulActiveHealthCheckUnejectHost: withDefault(
      z.boolean(),
      defaults.successfulActiveHealthCheckUnejectHost,
      "Envoy only: an endpoint that passes its health check is used again at once.",
    ),
    detectDegradedHosts: withDefault(
      z.boolean(),
      defaults.detectDegradedHosts,
      "Envoy only: an answer with x-envoy-degraded makes its endpoint degraded for a while.",
    ),
    consecutive5xxErrors: withDefault(
      count(0),
      defaults.consecutive5xxErrors,
      "Envoy only: errors in a row; 0 is off.",
    ),
    enforcingConsecutive5xxErrors: withDefault(
      percent(),
      defaults.enforcingConsecutive5xxErrors,
      `Envoy only. ${enforcing}`,
    ),
    consecutiveGatewayErrors: withDefault(
      count(0),
      defaults.consecutiveGatewayErrors,
      "Envoy only: 502, 503, 504 or no connection in a row; 0 is off.",
    ),
    enforcingConsecutiveGatewayErrors: withDefault(
      percent(),
      defaults.enforcingConsecutiveGatewayErrors,
      `Envoy only. ${enforcing}`,
    ),
    localOrigin: localOrigin
      .optional()
      .describe(
        "Envoy only: connections that fail are counted apart from answers. Default: they count as 503 everywhere.",
      ),
    failurePercentage: z
      .strictObject({
        enforcing: withDefault(percent(), failurePercentage.enforcing, enforcing),
        threshold: withDefault(
          percent(1),
          failurePercentage.threshold,
          "Percent of failed requests from which an endpoint is ejected.",
        ),
        minimumHosts: withDefault(count(1), failurePercentage.minimumHosts, minimumHosts),
        requestVolume: withDefault(count(1), failurePercentage.requestVolume, requestVolume),
      })
      .prefault({})
      .describe("Ejects by the share of failed requests; Envoy and gRPC."),
    successRate: z
      .strictObject({
        enforcing: withDefault(percent(), successRate.enforcing, enforcing),
        minimumHosts: withDefault(count(1), successRate.minimumHosts, minimumHosts),
        requestVolume: withDefault(count(1), successRate.requestVolume, requestVolume),
        stdevFactor: withDefault(
          count(0),
          successRate.stdevFactor,
          "Thousandths of a standard deviation below the mean that are too far.",
        ),
      })
      .prefault({})
      .describe("Ejects what is far worse than the mean; blind to a whole data center failing."),
  }),
  // Envoy: "outlier detector's max_ejection_time cannot be smaller than base_ejection_time".
  (fields) => notShorter(fields, "baseEjectionTime", "maxEjectionTime"),
);

/** What `spec.outlierDetection` says. */
export function outlierDetectionOf({ enabled, ...spec }: z.output<typeof outlierDetection>): OutlierDetection {
  if (!enabled) return { kind: "off" };
  const { interval, baseEjectionTime, maxEjectionTime, maxEjectionTimeJitter: jitter, localOrigin, ...same } = spec;
  const baseEjectionMs = durationMs(baseEjectionTime);
  return {
    kind: "on",
    ...same,
    localOrigin,
    intervalMs: durationMs(interval),
    baseEjectionMs,
    maxEjectionMs: durationMs(maxEjectionTime),
    maxJitterMs: jitter === undefined ? Math.round(baseEjectionMs / 6) : durationMs(jitter),
  };
}
