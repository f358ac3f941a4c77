import {
  coversPattern,
  type LocalityPattern,
  localityText,
  matchesLocality,
  patternText,
} from "../../model/locality.ts";
import type { Endpoint } from "../../model/service.ts";
import { type SplitRule, standbysOf } from "../../model/split.ts";
import { type Analyzer, counted, listed, ofEachPlacedService, ofEachService, when } from "./analyzer.ts";

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

const unmatchedClients = ofEachService(
  { code: "WR0106", severity: "info", title: "Connected clients are under no rule of a split" },
  ({ name, split }, { clients = [] }) => {
    if (split === undefined || split.rules.length === 0) return [];
    const left = clients.filter(({ locality }) => !split.rules.some(({ from }) => matchesLocality(from, locality)));
    return when(left.length > 0, () => ({
      place: { document: { kind: "TrafficSplit", name: split.name }, path: ["spec", "rules"] },
      says: `no rule names ${counted(left.length, "connected client")} (${listed(left.map(({ locality }) => localityText(locality) || "without a locality"))}): they go to the nearest endpoints of ${name}`,
      remedy: 'Add a last rule with from: "*".',
    }));
  },
);

const unknownCallers = ofEachService(
  { code: "WR0107", severity: "info", title: "Connected clients do not say where they are" },
  ({ name, split, spec, inSplit, inService }, { clients = [] }) => {
    const placed = split?.rules.some(({ from, spread }) => from.region !== undefined || spread.kind === "nearest");
    const lost = clients.filter(({ locality }) => locality.region === "");
    return when(placed === true && lost.length > 0, () => ({
      place: split ? inSplit("rules") : inService(),
      says: `${counted(lost.length, "connected client")} (${listed(lost.map(({ nodeId }) => nodeId))}) ${lost.length === 1 ? "has" : "have"} no locality: rules that ask where a caller of ${name} is do not hold for ${lost.length === 1 ? "it" : "them"}, and nothing is nearest`,
      remedy: `Put node.locality into their bootstrap: weir bootstrap ${spec.protocol === "http1" ? "envoy" : "grpc"} --locality dc-a/z1.`,
    }));
  },
);

const namedByNobody = ofEachPlacedService(
  { code: "WR0108", severity: "info", title: "Endpoints that no rule ever sends anybody to" },
  ({ name, split, endpoints, inSplit }) => {
    const rules = split?.rules ?? [];
    const reachesAll =
      rules.length === 0 || rules.some(({ spread, failover }) => spread.kind === "nearest" && failover.length === 0);
    if (reachesAll || !rules.some(({ from }) => from.region === undefined)) return [];
    const places = rules.flatMap(placesOf);
    const nearest = rules.some(({ spread }) => spread.kind === "nearest");
    const left = endpoints.filter(
      ({ locality }) => !nearest && locality.region !== "" && !places.some((each) => matchesLocality(each, locality)),
    );
    return when(left.length > 0, () => ({
      place: inSplit("rules"),
      says: `${counted(left.length, "endpoint")} of ${name} in ${regions(left)} never ${left.length === 1 ? "gets" : "get"} a request: no rule names that place`,
      remedy: "Give it a share, or put it into a failover list.",
    }));
  },
);

const endpointsNowhere = ofEachPlacedService(
  { code: "WR0109", severity: "warning", title: "Endpoints without a locality beside a split" },
  ({ name, split, endpoints, inSplit }) => {
    const left = endpoints.filter(({ locality }) => locality.region === "");
    return when(split !== undefined && split.rules.length > 0 && left.length > 0, () => ({
      place: inSplit("rules"),
      says: `${counted(left.length, "endpoint")} of ${name} (${listed(
        left.map(({ id }) => id),
        3,
      )}) ${left.length === 1 ? "has" : "have"} no locality: no share and no failover list can name ${left.length === 1 ? "it" : "them"}`,
      remedy:
        "Give them a locality in their document, registration or source, or name the data center that they are in.",
    }));
  },
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
  unmatchedClients,
  unknownCallers,
  namedByNobody,
  endpointsNowhere,
  zeroShare,
];

function shareTargets(rules: readonly SplitRule[] = []) {
  return rules.flatMap(({ spread }, rule) =>
    spread.kind === "shares"
      ? spread.to.map(({ locality, percent }) => ({ rule, key: patternText(locality), locality, percent }))
      : [],
  );
}

/** The places that a rule names; none, where it goes to the nearest and then everywhere. */
function placesOf(rule: SplitRule): readonly LocalityPattern[] {
  const { spread } = rule;
  if (spread.kind === "nearest") return [];
  return [...spread.to.filter(({ percent }) => percent > 0).map(({ locality }) => locality), ...standbysOf(rule)];
}

function at(endpoints: readonly Endpoint[], pattern: LocalityPattern): readonly Endpoint[] {
  return endpoints.filter(({ locality }) => matchesLocality(pattern, locality));
}

function regions(endpoints: readonly Endpoint[]): string {
  return listed(
    endpoints.map(({ locality }) => locality.region || "none said"),
    8,
  );
}
