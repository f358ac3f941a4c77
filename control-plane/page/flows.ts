import { matchesLocality, parseLocality, parseLocalityPattern, unknownLocality } from "../src/model/locality.ts";
import type { ClientGroup, OverrideRow, Overview, TrafficAnswer, TrafficRow } from "./answers.ts";

/** Those that one rule is for. */
export type Caller = {
  /** As the rule names them: `*`, `dc-a`. */
  readonly from: string;
  readonly envoys: number;
  readonly grpc: number;
  /** Undefined while nobody reports. */
  readonly rps: number | undefined;
};

/** Where calls go to: a data center with what stands there. */
export type Place = {
  readonly region: string;
  readonly serving: number;
  readonly draining: number;
  readonly total: number;
  readonly state: "well" | "hurt" | "down" | "drained";
  readonly rps: number | undefined;
  readonly errorPercent: number | undefined;
  readonly capacityRps: number | undefined;
  readonly overrides: readonly OverrideRow[];
  /** Came back and is not yet used in full: percent of it that is. */
  readonly heldAtPercent: number | undefined;
};

export type Flow = {
  readonly from: string;
  readonly to: string;
  readonly use: TrafficRow["use"];
  /** 0 takes traffic now; the standbys follow in order. */
  readonly priority: number;
  readonly configuredPercent: number | undefined;
  /** Undefined while its callers send nothing, or nobody reports. */
  readonly observedPercent: number | undefined;
  readonly rps: number;
  readonly errorPercent: number | undefined;
};

export type Flows = {
  readonly callers: readonly Caller[];
  readonly places: readonly Place[];
  readonly flows: readonly Flow[];
};

/** Who calls a service, where that goes, and what stands there. */
export function flowsOf({ traffic, clients }: Pick<Overview, "traffic" | "clients">, service: string): Flows {
  const rows = traffic.rows.filter((row) => row.service === service);
  const flows = mergedByRegion(rows.flatMap(flowsOfRow));
  return { callers: callersOf(rows, clients.groups), places: placesOf(traffic, service, flows), flows };
}

function flowsOfRow({ from, to, use, priority, weightPercent, observed, regions = [] }: TrafficRow): readonly Flow[] {
  const base = { from, use, priority };
  // A standby without a list comes to whichever is nearest then: there is no line to draw.
  if (to === "nearest")
    return regions.map(({ region, observed }) => ({
      ...base,
      to: region,
      configuredPercent: undefined,
      ...seen(observed),
    }));
  return [{ ...base, to: regionOf(to), configuredPercent: weightPercent, ...seen(observed) }];
}

function seen(observed: TrafficRow["observed"]) {
  return {
    observedPercent: observed?.percent,
    rps: observed?.rps ?? 0,
    errorPercent: observed?.errorPercent,
  };
}

export function regionOf(place: string): string {
  return place.split("/")[0] ?? place;
}

/** Two zones of a data center are one line. A standby counts only where nothing goes anyway. */
function mergedByRegion(parts: readonly Flow[]): readonly Flow[] {
  const groups = Map.groupBy(parts, ({ from, to }) => `${from}\n${to}`);
  return [...groups.values()].map((group) => {
    const [first, ...rest] = group.toSorted((a, b) => a.priority - b.priority);
    if (first === undefined) throw new Error("a group has at least one");
    if (rest.length === 0) return first;
    return {
      ...first,
      configuredPercent: sumOfKnown(group.map(({ configuredPercent }) => configuredPercent)),
      observedPercent: sumOfKnown(group.map(({ observedPercent }) => observedPercent)),
      rps: group.reduce((sum, { rps }) => sum + rps, 0),
      errorPercent: weighted(group),
    };
  });
}

function sumOfKnown(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
}

/** Errors of several lines together, by how much each carries. */
function weighted(
  parts: readonly { readonly rps: number; readonly errorPercent: number | undefined }[],
): number | undefined {
  const known = parts.filter(({ errorPercent }) => errorPercent !== undefined);
  if (known.length === 0) return undefined;
  const total = known.reduce((sum, { rps }) => sum + rps, 0);
  if (total === 0) return Math.max(...known.map(({ errorPercent = 0 }) => errorPercent));
  return known.reduce((sum, { rps, errorPercent = 0 }) => sum + rps * errorPercent, 0) / total;
}

function callersOf(rows: readonly TrafficRow[], groups: readonly ClientGroup[]): readonly Caller[] {
  const froms = [...new Set(rows.map(({ from }) => from))];
  const byFrom = Map.groupBy(groups, ({ locality }) => froms.find((from) => isFrom(from, locality)));
  return froms.map((from) => {
    const own = byFrom.get(from) ?? [];
    const count = (kind: ClientGroup["kind"]) =>
      own.reduce((sum, group) => sum + (group.kind === kind ? group.clients : 0), 0);
    const observed = rows.flatMap((row) => (row.from === from && row.observed ? [row.observed] : []));
    const rps = observed.length === 0 ? undefined : observed.reduce((sum, each) => sum + each.rps, 0);
    return { from, envoys: count("envoy"), grpc: count("grpc"), rps };
  });
}

function isFrom(from: string, locality: string): boolean {
  const pattern = parseLocalityPattern(from);
  const place = parseLocality(locality);
  return pattern.ok && matchesLocality(pattern.value, place.ok ? place.value : unknownLocality);
}

function placesOf(
  { places, overrides, held }: TrafficAnswer,
  service: string,
  flows: readonly Flow[],
): readonly Place[] {
  const known = places.filter((place) => place.service === service);
  const regions = [...new Set([...known.map(({ region }) => region), ...flows.map(({ to }) => to)])].sort();
  return regions.map((region) => {
    const there = known.find((place) => place.region === region);
    const { serving = 0, draining = 0, total = 0, capacityRps } = there ?? {};
    const into = flows.filter(({ to }) => to === region);
    const reported = into.some(({ observedPercent }) => observedPercent !== undefined);
    const own = overrides.filter((each) => each.service === service && regionOf(each.locality) === region);
    const isDrained = own.some(({ locality, weight }) => locality === region && weight === 0);
    return {
      ...{ region, serving, draining, total, capacityRps, overrides: own },
      state: isDrained ? "drained" : serving === 0 ? "down" : serving < total ? "hurt" : "well",
      rps: reported ? into.reduce((sum, { rps }) => sum + rps, 0) : undefined,
      errorPercent: weighted(into),
      heldAtPercent: held.find((each) => each.service === service && regionOf(each.locality) === region)?.percent,
    };
  });
}
