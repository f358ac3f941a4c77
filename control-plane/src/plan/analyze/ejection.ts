import type { OutlierDetection } from "../../model/policy.ts";
import { loadsOf } from "../traffic/loads-of.ts";
import { type Analyzer, counted, ofEachPlacedService, percentText, timeText, when } from "./analyzer.ts";
import { largestRegion } from "./region-parts.ts";
import type { SeenLoads } from "./scene.ts";

// Outlier detection, against how many endpoints there are. Figures: docs/decisions/0004-defaults.md.

const off = ofEachPlacedService(
  { code: "WR0201", severity: "warning", title: "Nothing notices that endpoints answer badly" },
  ({ name, policy, endpoints, inPolicy }) =>
    when(policy.outlierDetection.kind === "off" && policy.healthCheck.kind === "off" && endpoints.length > 1, () => ({
      place: inPolicy("outlierDetection"),
      says: `without outlier detection and health checks an endpoint of ${name} that answers every request with an error keeps its share, and a data center that does so is never failed over from`,
      remedy: "Leave outlierDetection on, or add a healthCheck.",
    })),
);

const neverEjects = ofEachPlacedService(
  { code: "WR0202", severity: "warning", title: "maxEjectionPercent is too small to eject anything" },
  ({ name, policy: { outlierDetection: detection }, endpoints, inPolicy }) =>
    detection.kind === "off"
      ? []
      : when(endpoints.length > 1 && 100 / endpoints.length > detection.maxEjectionPercent, () => ({
          place: inPolicy("outlierDetection", "maxEjectionPercent"),
          says: `maxEjectionPercent ${detection.maxEjectionPercent} never ejects with ${counted(endpoints.length, "endpoint")} of ${name}: one of them is ${percentText(100 / endpoints.length)}`,
          remedy: `Set it to 100 (the default); at least ${Math.ceil(100 / endpoints.length)}.`,
        })),
);

const cannotEjectRegion = ofEachPlacedService(
  { code: "WR0205", severity: "warning", title: "maxEjectionPercent does not let a whole data center be ejected" },
  ({ name, policy: { outlierDetection: detection }, endpoints, inPolicy }) => {
    const [region, part] = largestRegion(endpoints);
    if (detection.kind === "off" || part >= 100) return [];
    const { maxEjectionPercent: most } = detection;
    return when(most < part && most >= 100 / endpoints.length, () => ({
      place: inPolicy("outlierDetection", "maxEjectionPercent"),
      says: `at most ${most} % of the endpoints of ${name} are ejected, and ${percentText(part)} of them are in ${region}: when all of it answers badly, the rest of it goes on getting requests`,
      remedy: "Set it to 100 (the default); panicThreshold is what brings endpoints back when too many are out.",
    }));
  },
);

const successRateBlind = ofEachPlacedService(
  { code: "WR0208", severity: "warning", title: "successRate cannot see a whole data center failing" },
  ({ name, policy: { outlierDetection: detection }, endpoints, inPolicy }) => {
    if (detection.kind === "off" || detection.successRate.enforcing === 0) return [];
    const { stdevFactor, minimumHosts } = detection.successRate;
    if (endpoints.length < minimumHosts)
      return [
        {
          place: inPolicy("outlierDetection", "successRate", "minimumHosts"),
          says: `successRate needs ${counted(minimumHosts, "endpoint")} with enough requests, and ${name} has ${endpoints.length}: it never acts`,
          remedy: "Use failurePercentage, which looks at each endpoint by itself.",
        },
      ];
    const [region, part] = largestRegion(endpoints);
    // A part p that fails all: mean 1-p, deviation sqrt(p(1-p)). The threshold is above 0 only for p < 1/(1+factor²).
    const seen = 100 / (1 + (stdevFactor / 1000) ** 2);
    return when(part >= seen && part < 100 && detection.failurePercentage.enforcing === 0, () => ({
      place: inPolicy("outlierDetection", "successRate"),
      says: `with stdevFactor ${stdevFactor} successRate sees nothing once ${percentText(seen)} of the endpoints fail, and ${percentText(part)} of those of ${name} are in ${region}: the deviation grows as fast as the failures`,
      remedy: "Leave failurePercentage on (enforcing 100, the default).",
    }));
  },
);

const percentageIdle = ofEachPlacedService(
  { code: "WR0209", severity: "warning", title: "failurePercentage never acts" },
  ({ name, policy: { outlierDetection: detection }, endpoints, inPolicy }) => {
    if (detection.kind === "off" || detection.failurePercentage.enforcing === 0) return [];
    const { minimumHosts } = detection.failurePercentage;
    return when(minimumHosts > endpoints.length, () => ({
      place: inPolicy("outlierDetection", "failurePercentage", "minimumHosts"),
      says: `failurePercentage waits for ${counted(minimumHosts, "endpoint")} with enough requests, and ${name} has ${endpoints.length}: it never acts, and it is all that gRPC clients obey`,
      remedy: "Set minimumHosts to 1 (the default).",
    }));
  },
);

const tooFewRequests = ofEachPlacedService(
  { code: "WR0210", severity: "info", title: "Endpoints get too few requests to be judged" },
  ({ name, policy: { outlierDetection: detection }, endpoints, inPolicy }, { loads, clients }) => {
    const seen = requestsPerInterval(name, detection, loads);
    if (detection.kind === "off" || seen === undefined || detection.failurePercentage.enforcing === 0) return [];
    // Each client judges by what it sent itself.
    const each = seen / endpoints.length / Math.max(1, clients?.length ?? 1);
    const { requestVolume } = detection.failurePercentage;
    // Next to nothing says little of either.
    return when(each >= 0.5 && each < requestVolume, () => ({
      place: inPolicy("outlierDetection", "failurePercentage", "requestVolume"),
      says: `a client sends an endpoint of ${name} about ${Math.round(each * 10) / 10} requests in an interval of ${timeText(detection.intervalMs)}, fewer than requestVolume ${requestVolume}: failurePercentage seldom judges`,
      remedy: `Set requestVolume to ${Math.max(1, Math.floor(each / 2))}, or a longer interval.`,
    }));
  },
);

const backTooSoon = ofEachPlacedService(
  { code: "WR0222", severity: "info", title: "Ejected endpoints come back before the next look" },
  ({ name, policy: { outlierDetection: detection }, inPolicy }) =>
    detection.kind === "off"
      ? []
      : when(detection.baseEjectionMs < detection.intervalMs, () => ({
          place: inPolicy("outlierDetection", "baseEjectionTime"),
          says: `an endpoint of ${name} is ejected for ${timeText(detection.baseEjectionMs)}, and only every ${timeText(detection.intervalMs)} is looked whether that is over: it stays out for ${timeText(detection.intervalMs)}`,
          remedy: "Set baseEjectionTime to a few intervals; the defaults are 30s and 5s.",
        })),
);

function requestsPerInterval(
  service: string,
  detection: OutlierDetection,
  seen: SeenLoads | undefined,
): number | undefined {
  if (seen === undefined || detection.kind === "off") return undefined;
  const requests = loadsOf(seen, service).reduce((sum, each) => sum + each.requests, 0);
  return (requests * detection.intervalMs) / seen.windowMs;
}

export const ejectionAnalyzers: readonly Analyzer[] = [
  off,
  neverEjects,
  cannotEjectRegion,
  successRateBlind,
  percentageIdle,
  tooFewRequests,
  backTooSoon,
];
