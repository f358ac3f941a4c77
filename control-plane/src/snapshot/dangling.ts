import { type ResourceType, resourceTypes, type XdsResource } from "./resource.ts";
import type { Snapshot } from "./snapshot.ts";

const usedType: Readonly<Record<ResourceType, ResourceType | undefined>> = {
  runtime: undefined,
  secret: undefined,
  cluster: "endpoints",
  endpoints: undefined,
  listener: "routes",
  extension: undefined,
  scopedRoutes: "routes",
  routes: "cluster",
};

/** Names that are used but not defined, e.g. a route to a cluster that is not there. */
export function dangling(snapshot: Snapshot): readonly { readonly from: XdsResource; readonly to: string }[] {
  return resourceTypes.flatMap((type) => {
    const used = usedType[type];
    if (used === undefined) return [];
    return [...snapshot.resources[type].values()].flatMap((from) =>
      from.uses.filter((name) => !snapshot.resources[used].has(name)).map((to) => ({ from, to })),
    );
  });
}
