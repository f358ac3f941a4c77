import { defaultPolicy } from "../../model/default-policy.ts";
import type { Locality } from "../../model/locality.ts";
import type { TrafficPolicy } from "../../model/policy.ts";
import type { Service } from "../../model/service.ts";
import type { Viewer } from "../../model/viewer.ts";
import type { World } from "../../model/world.ts";
import { ruleFor, type SpreadLocality, spreadEndpoints } from "../../translate/spread-endpoints.ts";

/** What a client at this place is sent of a service's endpoints. */
export function spreadFor(
  { splits, policies }: Pick<World, "splits" | "policies">,
  service: Service,
  from: Locality,
  flavour: Viewer["flavour"],
): { readonly spread: readonly SpreadLocality[]; readonly policy: TrafficPolicy } {
  const split = splits.get(service.spec.name);
  const policy = policies.get(service.spec.name) ?? defaultPolicy;
  const { overprovisioningFactor } = policy;
  const { rule } = ruleFor(split, from);
  const spreading = { rule, overrides: split?.overrides ?? [], caller: from, overprovisioningFactor };
  return { spread: spreadEndpoints(service, spreading, flavour), policy };
}
