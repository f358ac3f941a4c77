import { coversPattern, patternText } from "../../model/locality.ts";
import { standbysOf } from "../../model/split.ts";
import { type Analyzer, counted, listed, ofEachPlacedService, ofEachService, when } from "./analyzer.ts";
import { at, placesOf, regions, shareTargets } from "./split-places.ts";

// Where callers are sent, against what stands there.

const unknownPlace = ofEachPlacedService(
  { code: "WR0101", severity: "error", title: "A share of the traffic goes where no endpoint is" },
  ({ name, split, endpoints, inSplit }) =>
    shareTargets(split?.rules).flatMap(({ rule, key, locality, percent }) =>
      when(percent > 0 && at(endpoints, locality).length === 0, () => ({
        place: inSplit("rules", rule, "to", key),
        says: `${percent} % of the callers of ${name} are to go to ${key}, where it has no endpoint (known: ${regions(endpoints)}); the other shares get them`,
        remedy: `Correct the name, or take ${key} out and let the others add up to 100.`,
      })),
    ),
);

const deadFailover = ofEachPlacedService(
  { code: "WR0102", severity: "warning", title: "A failover names a place without endpoints" },
  ({ name, split, endpoints, inSplit }) =>
    (split?.rules ?? []).flatMap(({ failover }, rule) =>
      (failover === "nearest" ? [] : failover).flatMap((pattern, index) =>
        when(at(endpoints, pattern).length === 0, () => ({
          place: inSplit("rules", rule, "failover", index),
          says: `${name} has no endpoint in ${patternText(pattern)} (known: ${regions(endpoints)}): nothing can fail over to there`,
          remedy: "Correct the name, or take it out of the list.",
        })),
      ),
    ),
);

const failingTarget = ofEachPlacedService(
  { code: "WR0103", severity: "warning", title: "A share of the traffic goes where all endpoints fail" },
  ({ name, split, endpoints, inSplit }) =>
    shareTargets(split?.rules).flatMap(({ rule, key, locality, percent }) => {
      const there = at(endpoints, locality);
      const isDown = there.length > 0 && there.every(({ health }) => health === "failing" || health === "draining");
      return when(percent > 0 && isDown, () => ({
        place: inSplit("rules", rule, "to", key),
        says: `all ${counted(there.length, "endpoint")} of ${name} in ${key} are failing or draining, and ${percent} % of the traffic is to go there`,
        remedy: `Give ${key} 0 % until they are back, or find out why they fail.`,
      }));
    }),
);

const nowhere = ofEachPlacedService(
  { code: "WR0104", severity: "error", title: "A rule leaves its callers without any endpoint" },
  ({ name, split, endpoints, inSplit }) =>
    (split?.rules ?? []).flatMap((rule, index) => {
      const places = placesOf(rule);
      const isLost = places.length > 0 && places.every((pattern) => at(endpoints, pattern).length === 0);
      return when(isLost, () => ({
        place: inSplit("rules", index),
        says: `neither the shares nor the failover list of this rule have an endpoint of ${name}: its callers are sent to any endpoint there is, since sending them nowhere would fail every request`,
        remedy: `Name a place that has endpoints: ${regions(endpoints)}.`,
      }));
    }),
);

const noFailover = ofEachPlacedService(
  { code: "WR0105", severity: "warning", title: "All traffic goes to one data center and nothing takes over" },
  ({ name, split, endpoints, inSplit }) =>
    (split?.rules ?? []).flatMap(({ spread, failover }, index) => {
      const used = spread.kind === "shares" ? spread.to.filter(({ percent }) => percent > 0) : [];
      const region = used[0]?.locality.region;
      const isAlone = used.length > 0 && used.every(({ locality }) => locality.region === region);
      const others = new Set(endpoints.map(({ locality }) => locality.region).filter((each) => each !== region));
      return when(isAlone && failover.length === 0 && others.size > 0, () => ({
        place: inSplit("rules", index),
        says: `these callers of ${name} only ever go to ${region}: when it fails all their requests do, though ${listed(others)} ${others.size === 1 ? "has" : "have"} endpoints`,
        remedy: `Add failover: [${[...others].sort().join(", ")}].`,
      }));
    }),
);

const zeroShare = ofEachService(
  { code: "WR0110", severity: "info", title: "A share of 0 % is no standby" },
  ({ name, split, inSplit }) =>
    shareTargets(split?.rules).flatMap(({ rule, key, locality, percent }) => {
      const standby = split?.rules[rule];
      const isListed = standby !== undefined && standbysOf(standby).some((each) => coversPattern(each, locality));
      return when(percent === 0 && !isListed, () => ({
        place: inSplit("rules", rule, "to", key),
        says: `${key} gets nothing of ${name}, also when everything else fails: 0 % takes it out`,
        remedy: `Add it to failover if it is to stand by, or leave it out of "to".`,
      }));
    }),
);

export const splitAnalyzers: readonly Analyzer[] = [
  unknownPlace,
  deadFailover,
  failingTarget,
  nowhere,
  noFailover,
  zeroShare,
];
