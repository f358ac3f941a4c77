import { localityKey } from "../../model/held-health.ts";
import type { Locality } from "../../model/locality.ts";
import type { Placement } from "../../model/placement.ts";
import type { Service } from "../../model/service.ts";
import type { Viewer } from "../../model/viewer.ts";
import type { World } from "../../model/world.ts";
import { spreadOf } from "./spread-endpoints.ts";
import { spreadingOf } from "./spreading.ts";
import { subsetEndpoints } from "./subset-endpoints.ts";

/**
 * Where a client at this place is sent, in the order of priorities: what the endpoint resource of a service or of one of its
 * subsets holds, in words of the model. Nothing where there is no such subset.
 */
export function placementsOf(
  world: Pick<World, "splits" | "policies" | "held" | "distances">,
  service: Service,
  from: Locality,
  flavour: Viewer["flavour"],
  subset?: string,
): readonly Placement[] {
  const part = subset === undefined ? service : partOf(service, subset);
  if (part === undefined) return [];
  const { localities, plan } = spreadOf(part, spreadingOf(world, service, from), flavour);
  return localities.map(({ priority, locality, weight, members }) => {
    const key = localityKey(locality);
    const isLive = members.some(({ health }) => health !== "draining");
    const health = plan.health.get(key);
    const ceiling = plan.room?.ceilingOf(locality.region) ?? Number.POSITIVE_INFINITY;
    return {
      ...{ priority, locality, weight, endpoints: members.map(({ endpoint }) => endpoint) },
      nowPercent: plan.shares && 100 * (isLive ? (plan.shares.get(key) ?? 0) : 0),
      heldAtPercent: health?.isHeld ? (100 * health.healthy) / health.hosts : undefined,
      ceilingRps: Number.isFinite(ceiling) ? ceiling : undefined,
    };
  });
}

function partOf(service: Service, name: string): Service | undefined {
  const subset = service.spec.subsets.find((each) => each.name === name);
  return subset && { ...service, endpoints: subsetEndpoints(service, subset) };
}
