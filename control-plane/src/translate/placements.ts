import type { Locality } from "../model/locality.ts";
import type { Endpoint, Service } from "../model/service.ts";
import type { Viewer } from "../model/viewer.ts";
import type { World } from "../model/world.ts";
import { spreadOf } from "./spread-endpoints.ts";
import { spreadingOf } from "./spreading.ts";

/** One locality as a client sees it, for `weir endpoints report --from dc-a/z1`. */
export type Placement = {
  readonly priority: number;
  readonly locality: Locality;
  /** Relative to the other localities of the same priority. */
  readonly weight: number;
  readonly endpoints: readonly Endpoint[];
};

/** Where a client at this place is sent, in the order of priorities: what its endpoint resource holds, in words of the model. */
export function placementsOf(
  world: Pick<World, "splits" | "policies" | "held" | "distances">,
  service: Service,
  from: Locality,
  flavour: Viewer["flavour"],
): readonly Placement[] {
  return spreadOf(service, spreadingOf(world, service, from), flavour).localities.map(
    ({ priority, locality, weight, members }) => ({
      priority,
      locality,
      weight,
      endpoints: members.map(({ endpoint }) => endpoint),
    }),
  );
}
