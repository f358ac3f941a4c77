import { z } from "zod";
import { defaultChecking as defaults } from "../../model/default-policy.ts";
import { parseLocalityPattern, patternText } from "../../model/locality.ts";
import type { HealthCheck, LocalityCheck } from "../../model/policy.ts";
import { exactlyOneOf, percent, together, withDefault } from "./document-fields.ts";
import { duration, durationMs, durationText } from "./duration.ts";
import { healthChecker, healthCheckerOf } from "./health-checker-field.ts";
import { isJsonObject, type JsonObject } from "./plain-json.ts";

const threshold = z.int().min(1).max(100);
const interval = duration({ minMs: 100 });
const jitter = duration({ minMs: 0 });

const locality = together(
  z.strictObject({
    disabled: withDefault(z.boolean(), false, "true takes its endpoints for healthy without asking them."),
    port: z.int().min(1).max(65_535).optional().describe("Where they are asked. Default: their own port."),
    host: healthChecker.host.optional().describe("The host, or authority, that is asked for. Default: as elsewhere."),
  }),
  ({ disabled, port, host }) =>
    disabled === true && (port !== undefined || host !== undefined)
      ? [{ path: ["disabled"], says: "asks nobody, so port and host mean nothing" }]
      : [],
);

// Envoy holds a changed cluster, and with it its answer to all clusters that it was sent, until every endpoint was checked once
// (seen with 1.40: a jitter of 24 h held it back for good). After xds.ackTimeout, 45 s, its stream would be ended.
const longestCheckMs = 30_000;
const longestInitialJitterMs = 10_000;

const fields = z.strictObject({
  ...healthChecker.fields,
  interval: withDefault(interval, durationText(defaults.intervalMs), "Time between checks."),
  timeout: withDefault(
    duration({ minMs: 1, maxMs: longestCheckMs }),
    durationText(defaults.timeoutMs),
    "Time for an answer, at most 30s: Envoy uses a changed cluster when each endpoint was checked once.",
  ),
  healthyThreshold: withDefault(threshold, defaults.healthyThreshold, "Good answers until it is used again."),
  unhealthyThreshold: withDefault(threshold, defaults.unhealthyThreshold, "Bad answers until it is left out."),
  initialJitter: withDefault(
    duration({ minMs: 0, maxMs: longestInitialJitterMs }),
    "0s",
    "The first check is put off by at most so much, by chance; at most 10s, for the same reason.",
  ),
  intervalJitter: withDefault(jitter, "0s", "Every interval is longer by at most so much, by chance."),
  intervalJitterPercent: withDefault(percent(), 0, "The same in percent of the interval; both add up."),
  noTrafficInterval: interval
    .optional()
    .describe("While a client has sent no request to the service. Default: interval."),
  noTrafficHealthyInterval: interval
    .optional()
    .describe("The same for endpoints that are healthy. Default: noTrafficInterval."),
  unhealthyInterval: interval.optional().describe("For endpoints that are not healthy. Default: interval."),
  unhealthyEdgeInterval: interval
    .optional()
    .describe("Once, after an endpoint has failed. Default: unhealthyInterval."),
  healthyEdgeInterval: interval.optional().describe("Once, after an endpoint has become healthy. Default: interval."),
  reuseConnection: withDefault(z.boolean(), defaults.reuseConnection, "false opens a connection for every check."),
  perLocality: z
    .record(z.string(), locality)
    .refine((map) => Object.keys(map).length <= 100, "expected at most 100 localities")
    .optional()
    .describe(
      "Other settings for some places, {dc-c: {port: 9091}}; the narrowest holds. Times are the same everywhere. Default: none.",
    ),
});

export const healthCheck = together(exactlyOneOf(fields, healthChecker.names), wrongPlaces);

/** What `spec.healthCheck` says. */
export function healthCheckOf(spec: z.output<typeof healthCheck> | undefined): HealthCheck {
  if (spec === undefined) return { kind: "off" };
  return {
    kind: "on",
    check: healthCheckerOf(spec),
    intervalMs: durationMs(spec.interval),
    timeoutMs: durationMs(spec.timeout),
    healthyThreshold: spec.healthyThreshold,
    unhealthyThreshold: spec.unhealthyThreshold,
    initialJitterMs: durationMs(spec.initialJitter),
    intervalJitterMs: durationMs(spec.intervalJitter),
    intervalJitterPercent: spec.intervalJitterPercent,
    noTrafficIntervalMs: msOf(spec.noTrafficInterval),
    noTrafficHealthyIntervalMs: msOf(spec.noTrafficHealthyInterval),
    unhealthyIntervalMs: msOf(spec.unhealthyInterval),
    unhealthyEdgeIntervalMs: msOf(spec.unhealthyEdgeInterval),
    healthyEdgeIntervalMs: msOf(spec.healthyEdgeInterval),
    reuseConnection: spec.reuseConnection,
    perLocality: Object.entries(spec.perLocality ?? {}).map(localityCheckOf),
  };
}

function localityCheckOf([text, { disabled, port, host }]: [string, z.output<typeof locality>]): LocalityCheck {
  const pattern = parseLocalityPattern(text);
  if (!pattern.ok) throw new Error(`"${text}" passed its schema but is no locality`);
  return { locality: pattern.value, disabled, port, host };
}

function msOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : durationMs(text);
}

function wrongPlaces({ tcp, perLocality }: JsonObject) {
  if (!isJsonObject(perLocality)) return [];
  const known = new Map<string, string>();
  return Object.entries(perLocality).flatMap(([text, settings]) => {
    const path = ["perLocality", text];
    const pattern = parseLocalityPattern(text);
    if (!pattern.ok) return pattern.problems.map(({ says }) => ({ path, says }));
    const place = patternText(pattern.value);
    const before = known.get(place);
    if (before !== undefined) return [{ path, says: `names the same place as ${before}` }];
    known.set(place, text);
    if (tcp === undefined || !isJsonObject(settings) || settings["host"] === undefined) return [];
    return [{ path: [...path, "host"], says: "is for grpc and http, not tcp" }];
  });
}
