import { localityText } from "../../model/locality.ts";
import type { TrafficPolicy } from "../../model/policy.ts";
import { addressText, type Service } from "../../model/service.ts";
import type { Split } from "../../model/split.ts";
import type { World } from "../../model/world.ts";
import { type Condition, nothingWrong } from "../predict/condition.ts";
import { predictShares } from "../predict/predict.ts";
import { spreadFor } from "../predict/spread-for.ts";
import type { Caller } from "./callers.ts";

type Regions = ReadonlyMap<string, number>;
type Known = Pick<World, "held" | "distances"> & {
  readonly split: Split | undefined;
  readonly policy: TrafficPolicy | undefined;
  readonly shares: Map<string, Regions>;
};

// By all that the prediction for a caller depends on: findings are looked for again and again, and little of it changes.
const knownShares = new WeakMap<Service, Known>();

/**
 * The part of a service's requests by region of the endpoint, 0 to 1; what no endpoint is found for is in none. `gone`: the
 * region whose endpoints do not answer.
 */
export function regionShares(
  world: Pick<World, "splits" | "policies" | "held" | "distances">,
  service: Service,
  callers: readonly Caller[],
  gone?: string,
): Regions {
  const known = knownFor(world, service);
  const shares = new Map<string, number>();
  for (const { from, flavour, part } of callers) {
    const key = `${flavour} ${localityText(from)} ${gone ?? ""}`;
    const own = known.shares.get(key) ?? sharesFrom(world, service, { from, flavour }, gone);
    known.shares.set(key, own);
    for (const [region, share] of own) shares.set(region, (shares.get(region) ?? 0) + part * share);
  }
  return shares;
}

function knownFor({ splits, policies, held, distances }: Parameters<typeof regionShares>[0], service: Service): Known {
  const [split, policy] = [splits.get(service.spec.name), policies.get(service.spec.name)];
  const known = knownShares.get(service);
  const isSame =
    known?.split === split && known?.policy === policy && known?.held === held && known?.distances === distances;
  // Where clients are is for them to say, so what is remembered of it must have an end.
  if (known && isSame && known.shares.size < 1_000) return known;
  const fresh = { split, policy, held, distances, shares: new Map() };
  knownShares.set(service, fresh);
  return fresh;
}

function sharesFrom(
  world: Parameters<typeof regionShares>[0],
  service: Service,
  { from, flavour }: Pick<Caller, "from" | "flavour">,
  gone: string | undefined,
): Regions {
  const { spread, policy } = spreadFor(world, service, from, flavour);
  const shares = new Map<string, number>();
  for (const { locality, share } of predictShares(spread, policy, flavour, goneIn(service, gone)).localities)
    shares.set(locality.region, (shares.get(locality.region) ?? 0) + share);
  return shares;
}

function goneIn({ endpoints }: Service, region: string | undefined): Condition {
  if (region === undefined) return nothingWrong;
  const there = endpoints.filter(({ locality }) => locality.region === region);
  return new Map(there.map(({ address }) => [addressText(address), "gone"]));
}

/** What a region's serving endpoints can bear, in requests a second; undefined where nobody said. */
export function regionCapacity(
  { spec, endpoints }: Service,
  split: Pick<Split, "ceilings"> | undefined,
  region: string,
): number | undefined {
  const serving = endpoints.filter(({ locality, health }) => locality.region === region && health === "serving").length;
  const own = spec.capacity && spec.capacity.rpsPerEndpoint * serving;
  const ceiling = split?.ceilings.find((each) => each.region === region)?.rps;
  if (own === undefined || ceiling === undefined) return own ?? ceiling;
  return Math.min(own, ceiling);
}
