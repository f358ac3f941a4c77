import type { Service } from "../../model/service.ts";
import type { Split } from "../../model/split.ts";
import type { World } from "../../model/world.ts";
import type { Condition } from "../predict/condition.ts";
import { predictShares } from "../predict/predict.ts";
import { spreadFor } from "../predict/spread-for.ts";
import type { Caller } from "./callers.ts";

/** The part of a service's requests by region of the endpoint, 0 to 1; what no endpoint is found for is in none. */
export function regionShares(
  world: Pick<World, "splits" | "policies" | "held" | "distances">,
  service: Service,
  callers: readonly Caller[],
  condition?: Condition,
): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  for (const { from, flavour, part } of callers) {
    const { spread, policy } = spreadFor(world, service, from, flavour);
    for (const { locality, share } of predictShares(spread, policy, flavour, condition).localities)
      shares.set(locality.region, (shares.get(locality.region) ?? 0) + part * share);
  }
  return shares;
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
