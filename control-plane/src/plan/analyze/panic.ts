import { matchesLocality } from "../../model/locality.ts";
import type { Endpoint } from "../../model/service.ts";
import { type SplitRule, standbysOf } from "../../model/split.ts";
import { type Analyzer, counted, ofEachPlacedService, percentText, timeText, when } from "./analyzer.ts";
import { regionParts } from "./region-parts.ts";

// Panic, against how many endpoints there are. Figures: docs/decisions/0004-defaults.md.

const panicsEarly = ofEachPlacedService(
  { code: "WR0206", severity: "warning", title: "panicThreshold sends traffic to failing data centers" },
  ({ name, policy: { panicThreshold }, split, endpoints, inPolicy }) =>
    (split?.rules ?? []).flatMap((rule, index) => {
      const together = sharedOut(rule, endpoints);
      const byRegion = regionParts(together);
      const [region, least] = [...byRegion].reduce((few, each) => (each[1] < few[1] ? each : few), ["", 100]);
      // With a place left to fail over to, Envoy does not panic at all.
      const hasStandby = standbysOf(rule).some((each) =>
        endpoints.some(({ locality }) => matchesLocality(each, locality)),
      );
      return when(byRegion.size > 1 && !hasStandby && panicThreshold > least, () => ({
        place: inPolicy("panicThreshold"),
        says: `rules[${index}] of ${name} shares requests among ${counted(byRegion.size, "data center")} and has nothing to fail over to: when only ${region} is left, ${percentText(least)} of the endpoints are healthy, which is below panicThreshold ${panicThreshold}, and Envoy ignores weights and health and sends to all, failing ones too`,
        remedy: `Set it below ${Math.max(1, Math.floor(least))} (the default is 20), or give the rule a failover list.`,
      }));
    }),
);

const neverPanics = ofEachPlacedService(
  { code: "WR0207", severity: "info", title: "panicThreshold 0 with few endpoints" },
  ({ name, policy: { panicThreshold, outlierDetection: detection }, endpoints, inPolicy }) => {
    const canEjectAll = detection.kind === "on" && detection.maxEjectionPercent === 100;
    return when(panicThreshold === 0 && canEjectAll && endpoints.length <= 5, () => ({
      place: inPolicy("panicThreshold"),
      says: `all ${counted(endpoints.length, "endpoint")} of ${name} can be ejected together, after one bad moment of what they share; with panicThreshold 0 every request then fails at once for up to ${timeText(detection.kind === "on" ? detection.maxEjectionMs : 0)}`,
      remedy: "Set it to 20 (the default): with next to nothing left, all are tried.",
    }));
  },
);

/** The endpoints that have a share of a rule: one priority, and one measure of its health. */
function sharedOut({ spread }: SplitRule, endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const used = spread.kind === "shares" ? spread.to.filter(({ percent }) => percent > 0) : [];
  return endpoints.filter(({ locality }) => used.some((target) => matchesLocality(target.locality, locality)));
}

export const panicAnalyzers: readonly Analyzer[] = [panicsEarly, neverPanics];
