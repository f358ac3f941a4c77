import { noDistances } from "../../model/distances.ts";
import type { HeldHealth } from "../../model/held-health.ts";
import type { ServiceName } from "../../model/names.ts";
import type { Endpoint } from "../../model/service.ts";
import { type Basis, callersOf } from "../traffic/callers.ts";
import { regionCapacity, regionShares } from "../traffic/region-loads.ts";
import { type Analyzer, listed, ofEachPlacedService, ofEachService, percentText, when } from "./analyzer.ts";
import type { Scene, SeenClient, Subject } from "./scene.ts";

// What data centers can bear, against what callers send by the prediction.

const tooMuch = ofEachPlacedService(
  { code: "WR0204", severity: "warning", title: "A data center gets more than it can bear" },
  (subject, scene) =>
    overloaded(subject, scene).map(({ region, rps, capacity, basis }) => ({
      place: capacityPlace(subject, region),
      says: `${region} gets ${rounded(rps)} requests a second of ${subject.name}${words[basis]} and ${boundText(capacity, rps)}`,
      remedy: `Give it less (weir traffic set), run more endpoints there, or correct capacity.`,
    })),
);

const noRoom = ofEachPlacedService(
  { code: "WR0228", severity: "warning", title: "The others cannot bear what a data center leaves when it fails" },
  (subject, scene) => {
    const { name, endpoints } = subject;
    const already = new Set(overloaded(subject, scene).map(({ region }) => region));
    const regions = [...new Set(endpoints.map(({ locality }) => locality.region))].filter(Boolean).sort();
    return regions.flatMap((failed) => {
      const then = overloaded(subject, scene, failed).filter(({ region }) => region !== failed && !already.has(region));
      return when(regions.length > 1 && then.length > 0, () => ({
        place: capacityPlace(subject, then[0]?.region ?? ""),
        says: `when ${failed} fails, ${then
          .map(
            ({ region, rps, capacity }) => `${region} gets ${rounded(rps)} requests a second of ${rounded(capacity)}`,
          )
          .join(" and ")} that it can bear of ${name}${words[then[0]?.basis ?? "observed"]}`,
        remedy: "Run more endpoints there, or add a data center to the failover list.",
      }));
    });
  },
);

const ceilingsUnkept = ofEachService(
  { code: "WR0229", severity: "info", title: "A ceiling that cannot be kept" },
  ({ name, split, inSplit }) =>
    when((split?.ceilings.length ?? 0) > 0 && split?.expectedRps.length === 0, () => ({
      place: inSplit("ceilings"),
      says: `the ceilings of ${name} (${listed(split?.ceilings.map(({ region }) => region) ?? [])}) are not kept: nobody says how much its callers send`,
      remedy: "Add expectedRps, by region of the callers.",
    })),
);

export const capacityAnalyzers: readonly Analyzer[] = [tooMuch, noRoom, ceilingsUnkept];

const words: Readonly<Record<Basis, string>> = {
  observed: ", as clients report,",
  declared: ", as expectedRps says,",
  clients: "",
  imagined: "",
};

const nobody: readonly SeenClient[] = [];
const nothingHeld: ReadonlyMap<ServiceName, HeldHealth> = new Map();

type Overload = { readonly region: string; readonly rps: number; readonly capacity: number; readonly basis: Basis };
type Placed = Subject & { readonly endpoints: readonly Endpoint[] };

/** The regions that get more than they can bear; none while nobody knows what callers send. */
function overloaded(
  { name, spec, endpoints, splitNow, policy }: Placed,
  { clients = nobody, loads, catalog }: Scene,
  gone?: string,
): readonly Overload[] {
  const isLimited = spec.capacity !== undefined || (splitNow?.ceilings.length ?? 0) > 0;
  const regions = [...new Set(endpoints.map(({ locality }) => locality.region))];
  if (!isLimited) return [];
  const { basis, callers, rps } = callersOf(spec, splitNow, { clients, observed: loads, regions });
  if (rps === undefined) return [];
  const service = catalog.get(name);
  if (service === undefined) return [];
  const world = {
    splits: new Map(splitNow ? [[name, splitNow]] : []),
    policies: new Map([[name, policy]]),
    held: nothingHeld,
    distances: noDistances,
  };
  const shares = regionShares(world, service, callers, gone);
  return regions.flatMap((region) => {
    const capacity = regionCapacity(service, splitNow, region);
    const load = rps * (shares.get(region) ?? 0);
    // What is kept exactly at a ceiling is not over it.
    return capacity !== undefined && load > capacity * 1.001 + 0.01 ? [{ region, rps: load, capacity, basis }] : [];
  });
}

/** The ceiling that holds, where one is written for this region; else the Service's capacity. */
function capacityPlace({ spec, split, inSplit, inService }: Subject, region: string) {
  const isCeiling = split?.ceilings.some((each) => each.region === region) === true;
  return isCeiling ? inSplit("ceilings", region) : spec.capacity ? inService("capacity") : inSplit();
}

function boundText(capacity: number, rps: number): string {
  if (capacity <= 0) return "none of its endpoints there is serving";
  return `can bear ${rounded(capacity)}: ${percentText((100 * rps) / capacity)}`;
}

function rounded(value: number): number {
  return value < 10 ? Math.round(value * 10) / 10 : Math.round(value);
}
