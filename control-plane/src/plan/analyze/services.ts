import { addressText, type Endpoint } from "../../model/service.ts";
import { type Analyzer, counted, listed, ofAll, ofEachPlacedService, ofEachService, when } from "./analyzer.ts";
import { type Scene, subjectsOf } from "./scene.ts";

// What exists, by itself and beside other services.

const empty = ofEachService(
  { code: "WR0401", severity: "warning", title: "A service without endpoints" },
  ({ name, endpoints, inService }) =>
    when(endpoints?.length === 0, () => ({
      place: inService("endpoints"),
      says: `${name} has no endpoint: every request to it fails at once`,
      remedy: "Look at what each source knows (weir sources), and whether the service has this name there.",
    })),
);

const alone = ofEachPlacedService(
  { code: "WR0402", severity: "info", title: "A service with a single endpoint" },
  ({ name, endpoints, inService }) =>
    when(endpoints.length === 1, () => ({
      place: inService("endpoints"),
      says: `${name} has one endpoint: nothing takes over when it fails, and it is never ejected for long since panic brings it back`,
      remedy: "Run a second one.",
    })),
);

const allDown = ofEachPlacedService(
  { code: "WR0403", severity: "error", title: "All endpoints of a service fail" },
  ({ name, endpoints, inService }) => {
    const failing = endpoints.filter(({ health }) => health === "failing" || health === "draining");
    return when(failing.length === endpoints.length, () => ({
      place: inService("endpoints"),
      says: `all ${counted(endpoints.length, "endpoint")} of ${name} are failing or draining as their sources say: Envoys panic and try all, gRPC clients fail every call`,
      remedy: `Look at their health checks: weir endpoints ${name}.`,
    }));
  },
);

const halfPlaced = ofEachPlacedService(
  { code: "WR0404", severity: "info", title: "Some endpoints have a locality and some have none" },
  ({ name, split, endpoints, inService }) => {
    const lost = endpoints.filter(({ locality }) => locality.region === "");
    return when(split === undefined && lost.length > 0 && lost.length < endpoints.length, () => ({
      place: inService("endpoints"),
      says: `${counted(lost.length, "endpoint")} of ${name} (${listed(
        lost.map(({ id }) => id),
        3,
      )}) ${lost.length === 1 ? "has" : "have"} no locality and ${lost.length === 1 ? "is" : "are"} nobody's nearest: callers that say where they are reach ${lost.length === 1 ? "it" : "them"} last`,
      remedy: "Give all of them a locality.",
    }));
  },
);

/** The endpoints of more than one service, by address. */
const shared = ofAll(
  { code: "WR0405", severity: "warning", title: "One address is an endpoint of two services" },
  function* (scene) {
    const owners = new Map<string, { readonly name: string; readonly endpoint: Endpoint }>();
    for (const { name, endpoints = [], inService } of subjectsOf(scene)) {
      const both = new Map<string, string[]>();
      for (const endpoint of endpoints) {
        const address = addressText(endpoint.address);
        const other = owners.get(address);
        // Only what somebody wrote down: several services of one process are usual where a source says so.
        if (other && other.endpoint.source === "static" && endpoint.source === "static")
          both.set(other.name, [...(both.get(other.name) ?? []), address]);
        else if (!other) owners.set(address, { name, endpoint });
      }
      for (const [other, addresses] of both)
        yield {
          place: inService("endpoints"),
          says: `${listed(addresses, 3)} ${addresses.length === 1 ? "is an endpoint" : "are endpoints"} of ${other} as well as of ${name}: ejection and limits count apart for each, so that it may get twice what you mean to allow`,
          remedy: "Correct the address, or make it one service with two routes.",
        };
    }
  },
);

const nameOfAnother = ofAll(
  { code: "WR0406", severity: "warning", title: "A host of one service is the name of another" },
  (scene) => {
    const byName = new Map(subjectsOf(scene).map((subject) => [subject.name.toLowerCase(), subject]));
    return [...byName.values()].flatMap((subject) =>
      subject.spec.hosts.flatMap((host, index) => {
        const other = byName.get(host.toLowerCase());
        return when(other !== undefined && other !== subject, () => ({
          place: subject.inService("hosts", index),
          says: `who calls "${host}" reaches ${subject.name}, and not the service ${other?.name}, which is called by ${listed(other?.spec.hosts ?? [])}`,
          remedy: "Give each service its own name as a host, unless one is being moved to the other.",
        }));
      }),
    );
  },
);

const oneRegion = ofEachPlacedService(
  { code: "WR0407", severity: "info", title: "All endpoints are in one data center" },
  ({ name, endpoints, inService }, { catalog }) => {
    const regions = new Set(endpoints.map(({ locality }) => locality.region));
    const [only = ""] = regions;
    return when(regions.size === 1 && only !== "" && regionsOf(catalog).size > 1 && endpoints.length > 1, () => ({
      place: inService("endpoints"),
      says: `all ${counted(endpoints.length, "endpoint")} of ${name} are in ${only}, while other services have some elsewhere: it does not outlive ${only}`,
      remedy: "Run some in a second data center, or name the sources there.",
    }));
  },
);

const regionsOfCatalogs = new WeakMap<Scene["catalog"], ReadonlySet<string>>();

/** Made once for all services of a catalog. */
function regionsOf(catalog: Scene["catalog"]): ReadonlySet<string> {
  const known = regionsOfCatalogs.get(catalog);
  if (known) return known;
  const regions = new Set<string>();
  for (const { endpoints } of catalog.values()) for (const { locality } of endpoints) regions.add(locality.region);
  regionsOfCatalogs.set(catalog, regions);
  return regions;
}

export const serviceAnalyzers: readonly Analyzer[] = [
  empty,
  alone,
  allDown,
  halfPlaced,
  shared,
  nameOfAnother,
  oneRegion,
];
