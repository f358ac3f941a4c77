import type { Problem } from "../../lib/parsed.ts";
import { defaultPolicy } from "../../model/default-policy.ts";
import { type Inbound, inboundText } from "../../model/inbound.ts";
import type { ServiceName } from "../../model/names.ts";
import type { TrafficPolicy } from "../../model/policy.ts";
import type { ServiceSpec } from "../../model/service.ts";
import type { World } from "../../model/world.ts";
import { canCall } from "../resource-names.ts";
import { type InboundResources, inboundResourcesOf } from "./inbound.ts";

type Made = { readonly spec: ServiceSpec; readonly policy: TrafficPolicy; readonly resources: InboundResources };

/** What sidecars say of themselves is theirs to choose, so what is remembered of it must have an end. */
const mostRemembered = 1_000;

/**
 * Makes the part of the translation that takes a sidecar's own calls in. The same service with the same policy at the same
 * addresses is the same messages. A service that there is no document for is left out: nobody knows what it speaks.
 */
export function createSidecarInbound() {
  const made = new Map<string, Made>();

  const resourcesFor = (inbound: Inbound, spec: ServiceSpec, policy: TrafficPolicy): InboundResources => {
    const key = inboundText(inbound);
    const known = made.get(key);
    if (known?.spec === spec && known.policy === policy) return known.resources;
    if (made.size >= mostRemembered) made.clear();
    const resources = inboundResourcesOf(inbound, spec, policy);
    made.set(key, { spec, policy, resources });
    return resources;
  };

  return ({ catalog, policies }: Pick<World, "catalog" | "policies">, all: readonly Inbound[]) => {
    const leftOut = new Map<ServiceName, readonly Problem[]>();
    const resources = all.flatMap((inbound) => {
      const { service } = inbound;
      const spec = catalog.get(service)?.spec;
      const problem = problemOf(service, spec);
      if (problem) leftOut.set(service, [{ at: "node.metadata.weir.inbound", says: problem }]);
      return spec && !problem ? [resourcesFor(inbound, spec, policies.get(service) ?? defaultPolicy)] : [];
    });
    return { resources, leftOut };
  };
}

function problemOf(service: ServiceName, spec: ServiceSpec | undefined): string | undefined {
  if (spec === undefined) return `its calls are not taken in: there is no Service "${service}"`;
  return canCall("envoy", spec)
    ? undefined
    : "its calls are not taken in: sidecars speak HTTP, and the protocol is TCP";
}
