import { byText } from "../lib/order.ts";
import { type Drain, drainedSplit, drainsOf } from "../model/drain.ts";
import { type Locality, localityText, matchesLocality, patternText, unknownLocality } from "../model/locality.ts";
import type { Endpoint, Service } from "../model/service.ts";
import { isOverridden, plainSplit, type Split } from "../model/split.ts";
import type { World } from "../model/world.ts";
import { nothingWrong } from "../plan/predict/condition.ts";
import { predictShares } from "../plan/predict/predict.ts";
import { spreadFor } from "../plan/predict/spread-for.ts";
import {
  type Basis,
  type Caller,
  type ConnectedCaller,
  callersOf,
  type ObservedFrom,
} from "../plan/traffic/callers.ts";

/** What a drain would ask of the places that are left. */
export type Headroom = {
  readonly services: readonly ServiceHeadroom[];
  /** Why it had better not be done, with the numbers. */
  readonly missing: readonly string[];
  /** What could not be looked at, and what will not be as one may think. */
  readonly warnings: readonly string[];
};

export type ServiceHeadroom = {
  readonly service: string;
  readonly basis: Basis;
  /** Requests a second of all callers; undefined where nobody knows. */
  readonly rps: number | undefined;
  readonly places: readonly PlaceHeadroom[];
};

export type PlaceHeadroom = {
  /** A region, or the drained place. */
  readonly place: string;
  readonly percentBefore: number;
  readonly percentAfter: number;
  readonly rpsAfter: number | undefined;
  /** Its serving endpoints that are not drained. */
  readonly serving: number;
  /** What they bear, in requests a second; undefined where nobody said. */
  readonly capacityRps: number | undefined;
};

export type Seen = {
  readonly clients: readonly ConnectedCaller[];
  /** Undefined: no client reports its loads. */
  readonly observed: { readonly windowMs: number; readonly loads: readonly ObservedFrom[] } | undefined;
};

/**
 * Looks ahead at one more drain: where the requests of the callers that there are would go, against what the serving endpoints
 * that are left there bear as their Service declares it (`capacity`, and the split's `ceilings`). Only services whose
 * endpoints it touches.
 */
export function headroomFor(world: World, inForce: readonly Drain[], drain: Drain, seen: Seen): Headroom {
  const all = [...inForce, drain];
  const found = [...world.catalog.values()]
    .filter(({ spec }) => drainsOf(spec.name, [drain]).length > 0)
    .sort((a, b) => byText(a.spec.name, b.spec.name))
    .map((service) => ofService(world, service, drainsOf(service.spec.name, all), drain, seen));
  return {
    services: found.flatMap(({ headroom }) => headroom ?? []),
    missing: found.flatMap(({ missing }) => missing),
    warnings: found.flatMap(({ warnings }) => warnings),
  };
}

type Found = {
  readonly headroom?: ServiceHeadroom;
  readonly missing: readonly string[];
  readonly warnings: readonly string[];
};

function ofService(
  world: World,
  service: Service,
  drains: readonly Drain[],
  drain: Drain,
  { clients, observed }: Seen,
): Found {
  const { name } = service.spec;
  const place = patternText(drain.locality);
  const there = service.endpoints.filter(({ locality }) => matchesLocality(drain.locality, locality));
  if (there.length === 0) {
    const warnings =
      drain.mode === "isolate" ? [`${name} has no endpoint in ${place}: its callers there still go elsewhere`] : [];
    return { missing: [], warnings };
  }
  const before = world.splits.get(name);
  const after = drainedSplit(name, undrained(before), drains) ?? { ...plainSplit, name, service: name, rules: [] };
  const isOut = ({ locality }: Endpoint) =>
    drains.some((each) => each.mode === "drain" && matchesLocality(each.locality, locality));
  const serving = service.endpoints.filter((each) => each.health === "serving" && !isOut(each));
  const nobody = nobodyLeft(service, after, drain);
  if (nobody !== undefined) return { missing: [nobody], warnings: [] };

  const regions = service.endpoints.map(({ locality }) => locality.region);
  const { basis, callers, rps } = callersOf(service.spec, before, { clients, observed, regions });
  const groupOf = (locality: Locality) =>
    matchesLocality(drain.locality, locality) ? place : localityText({ ...locality, zone: "", subZone: "" });
  const now = sharesBy(groupOf, world, service, callers);
  const then = sharesBy(groupOf, { ...world, splits: new Map([[name, after]]) }, service, callers);
  const groups = [...new Set(service.endpoints.map(({ locality }) => groupOf(locality)))].sort(byText);
  const places = groups.map((group): PlaceHeadroom => {
    const here = serving.filter(({ locality }) => groupOf(locality) === group);
    const part = then.get(group) ?? 0;
    return {
      place: group,
      percentBefore: percent(now.get(group)),
      percentAfter: percent(part),
      rpsAfter: rps === undefined ? undefined : rounded(rps * part),
      serving: here.length,
      capacityRps: capacityOf(service, after, group, here.length),
    };
  });
  const growing = places.filter(({ percentBefore, percentAfter }) => percentAfter > percentBefore);
  return {
    headroom: { service: name, basis, rps: rps === undefined ? undefined : rounded(rps), places },
    missing: growing.flatMap((each) => shortOf(name, basis, service.spec.capacity?.rpsPerEndpoint, each)),
    warnings: unknownOf(name, rps, growing),
  };
}

/** An empty list would fail every request, so such a drain would be passed over; endpoints that fail would fail them. */
function nobodyLeft({ spec, endpoints }: Service, { overrides }: Split, drain: Drain): string | undefined {
  const serving = endpoints.filter(({ health }) => health === "serving");
  const out = overrides.filter(({ weight }) => weight === 0);
  const places = [...new Map(endpoints.map(({ locality }) => [localityText(locality), locality])).values()];
  const callers = [...places, unknownLocality];
  const stranded = callers.filter((caller) =>
    serving.every(({ locality }) => out.some((each) => isOverridden(each, locality, caller))),
  );
  if (stranded.length === 0) return undefined;
  const place = patternText(drain.locality);
  if (stranded.length === callers.length)
    return `${spec.name} has no serving endpoint outside ${place} that is not drained already (of ${endpoints.length} in all): nobody would be left to answer`;
  const where = stranded.map((each) => (each === unknownLocality ? "elsewhere" : `in ${localityText(each)}`));
  return `${spec.name} would have no serving endpoint left for callers ${where.join(", ")} (of ${endpoints.length} in all)`;
}

function shortOf(
  service: string,
  basis: Basis,
  rpsPerEndpoint: number | undefined,
  { place, rpsAfter, percentAfter, serving, capacityRps }: PlaceHeadroom,
): readonly string[] {
  if (rpsAfter === undefined || capacityRps === undefined || rpsAfter <= capacityRps) return [];
  const how = basis === "observed" ? "as clients report" : "as the split's expectedRps says";
  const each = rpsPerEndpoint === undefined ? "the split's ceiling" : `${serving} serving, ${rpsPerEndpoint} each`;
  return [
    `${service}: ${place} would get ${rpsAfter} requests/s (${percentAfter} %, ${how}), and bears ${capacityRps} (${each})`,
  ];
}

function unknownOf(service: string, rps: number | undefined, growing: readonly PlaceHeadroom[]): readonly string[] {
  const unlimited = growing.filter(({ capacityRps }) => capacityRps === undefined).map(({ place }) => place);
  return [
    ...(rps === undefined
      ? [`${service}: no load reports, and no expectedRps in its split: whether what is left suffices is not known`]
      : []),
    ...(unlimited.length > 0
      ? [
          `${service}: it says no capacity (spec.capacity.rpsPerEndpoint), so nobody knows what ${unlimited.join(", ")} can bear${rps === undefined ? "" : ` of ${rounded(rps)} requests/s`}`,
        ]
      : []),
  ];
}

function sharesBy(
  groupOf: (locality: Locality) => string,
  world: World,
  service: Service,
  callers: readonly Caller[],
): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  for (const { from, flavour, part } of callers) {
    const { spread, policy } = spreadFor(world, service, from, flavour);
    for (const { locality, share } of predictShares(spread, policy, flavour, nothingWrong).localities)
      shares.set(groupOf(locality), (shares.get(groupOf(locality)) ?? 0) + part * share);
  }
  return shares;
}

function capacityOf({ spec }: Service, split: Split, place: string, serving: number): number | undefined {
  const own = spec.capacity && spec.capacity.rpsPerEndpoint * serving;
  const ceiling = split.ceilings.find(({ region }) => region === place)?.rps;
  if (own === undefined || ceiling === undefined) return own ?? ceiling;
  return Math.min(own, ceiling);
}

function undrained(split: Split | undefined): Split | undefined {
  return split && { ...split, overrides: split.overrides.filter(({ drain }) => drain === undefined) };
}

/** Beyond the hundredth of a percent it is rounding of weights. */
function percent(part = 0): number {
  return Math.round(part * 10_000) / 100;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
