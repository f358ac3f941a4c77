import { localityText, matchesLocality } from "../../model/locality.ts";
import { type Analyzer, counted, listed, ofEachPlacedService, ofEachService, when } from "./analyzer.ts";
import { placesOf, regions } from "./split-places.ts";

// Whom and what the rules of a split do not reach.

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

export const splitReachAnalyzers: readonly Analyzer[] = [
  unmatchedClients,
  unknownCallers,
  namedByNobody,
  endpointsNowhere,
];
