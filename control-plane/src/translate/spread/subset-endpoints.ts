import { type Endpoint, isInSubset, type Service, type Subset } from "../../model/service.ts";

/** The endpoints that a subset's cluster has: its members, or everybody where it has none and says so. */
export function subsetEndpoints({ endpoints }: Service, subset: Subset): readonly Endpoint[] {
  const members = endpoints.filter((endpoint) => isInSubset(subset, endpoint));
  // One that is leaving serves nobody new.
  const isEmpty = members.every(({ health }) => health === "draining");
  return isEmpty && subset.whenEmpty === "use-all" ? endpoints : members;
}
