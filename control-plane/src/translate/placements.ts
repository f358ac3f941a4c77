import { defaultPolicy } from "../model/default-policy.ts";
import type { Locality } from "../model/locality.ts";
import type { Endpoint, Service } from "../model/service.ts";
import type { Viewer } from "../model/viewer.ts";
import type { World } from "../model/world.ts";
import { ruleFor, spreadEndpoints } from "./spread-endpoints.ts";

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
  { splits, policies }: Pick<World, "splits" | "policies">,
  service: Service,
  from: Locality,
  flavour: Viewer["flavour"],
): readonly Placement[] {
  const split = splits.get(service.spec.name);
  const { overprovisioningFactor } = policies.get(service.spec.name) ?? defaultPolicy;
  const { rule } = ruleFor(split, from);
  const spreading = { rule, overrides: split?.overrides ?? [], caller: from, overprovisioningFactor };
  return spreadEndpoints(service, spreading, flavour).map(({ priority, locality, weight, members }) => ({
    priority,
    locality,
    weight,
    endpoints: members.map(({ endpoint }) => endpoint),
  }));
}
