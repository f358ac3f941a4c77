import { byText } from "../../lib/order.ts";
import { localityText } from "../../model/locality.ts";
import type { ServiceName } from "../../model/names.ts";
import type { Service } from "../../model/service.ts";
import type { World } from "../../model/world.ts";
import { type Basis, type Caller, type ConnectedCaller, callersOf, type ObservedFrom } from "../traffic/callers.ts";
import { regionCapacity, regionShares } from "../traffic/region-loads.ts";

/** Where a service's requests go now and then. */
export type TrafficChange = {
  readonly service: ServiceName;
  readonly basis: Basis;
  /** Requests a second of all callers; undefined where nobody knows. */
  readonly rps: number | undefined;
  readonly callers: readonly { readonly from: string; readonly kind: Caller["flavour"]; readonly percent: number }[];
  readonly regions: readonly RegionChange[];
};

export type RegionChange = {
  readonly region: string;
  readonly percentBefore: number;
  readonly percentAfter: number;
  /** What its serving endpoints can bear then, in requests a second; undefined where nobody said. */
  readonly capacityRps: number | undefined;
};

/** The services whose requests go elsewhere then, by the prediction for the callers that there are. */
export function trafficChanges(
  before: World,
  after: World,
  seen: {
    readonly clients: readonly ConnectedCaller[];
    readonly observed: { readonly windowMs: number; readonly loads: readonly ObservedFrom[] } | undefined;
  },
): readonly TrafficChange[] {
  const names = [...new Set([...before.catalog.keys(), ...after.catalog.keys()])].sort(byText);
  return names.flatMap((name) => {
    if (isSame(before, after, name)) return [];
    const [old, next] = [before.catalog.get(name), after.catalog.get(name)];
    const service = next ?? old;
    if (service === undefined) return [];
    const split = after.splits.get(name);
    const regions = service.endpoints.map(({ locality }) => locality.region);
    const { basis, callers, rps } = callersOf(service.spec, split, { ...seen, regions });
    const shares = (world: World, of: Service | undefined) => (of ? regionShares(world, of, callers) : new Map());
    const [now, then] = [shares(before, old), shares(after, next)];
    const rows = [...new Set<string>([...now.keys(), ...then.keys()])].sort(byText).map(
      (region): RegionChange => ({
        region,
        percentBefore: percent(now.get(region)),
        percentAfter: percent(then.get(region)),
        capacityRps: next && regionCapacity(next, split, region),
      }),
    );
    if (rows.every(({ percentBefore, percentAfter }) => percentBefore === percentAfter)) return [];
    const told = callers.map(({ from, flavour, part }) => ({
      from: localityText(from),
      kind: flavour,
      percent: percent(part),
    }));
    return [{ service: name, basis, rps, callers: told, regions: rows }];
  });
}

/** What decides where its requests go are the very same objects. */
function isSame(before: World, after: World, name: ServiceName): boolean {
  return (
    before.catalog.get(name) === after.catalog.get(name) &&
    before.splits.get(name) === after.splits.get(name) &&
    before.policies.get(name) === after.policies.get(name)
  );
}

/** Beyond the hundredth of a percent it is rounding of weights. */
function percent(part = 0): number {
  return Math.round(part * 10_000) / 100;
}
