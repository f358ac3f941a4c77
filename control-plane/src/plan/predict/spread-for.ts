import { defaultPolicy } from "../../model/default-policy.ts";
import type { Locality } from "../../model/locality.ts";
import type { TrafficPolicy } from "../../model/policy.ts";
import type { Service } from "../../model/service.ts";
import type { Viewer } from "../../model/viewer.ts";
import type { World } from "../../model/world.ts";
import { type SpreadLocality, spreadOf } from "../../translate/spread/spread-endpoints.ts";
import { spreadingOf } from "../../translate/spread/spreading.ts";

/** What a client at this place is sent of a service's endpoints, and the policy it goes by. */
export function spreadFor(
  world: Pick<World, "splits" | "policies" | "held" | "distances">,
  service: Service,
  from: Locality,
  flavour: Viewer["flavour"],
): { readonly spread: readonly SpreadLocality[]; readonly policy: TrafficPolicy } {
  const policy = world.policies.get(service.spec.name) ?? defaultPolicy;
  const { localities, overprovisioningFactor } = spreadOf(service, spreadingOf(world, service, from), flavour);
  return { spread: localities, policy: { ...policy, overprovisioningFactor } };
}
