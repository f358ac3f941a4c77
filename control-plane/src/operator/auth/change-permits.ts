import type { DocumentKind, EditedDocument, Forbidden } from "../../policy/policy-store.ts";
import { documentPath } from "../collections.ts";
import { drainTouches } from "./drain-touches.ts";
import { outOfReach, type Principal, type Touched } from "./principal.ts";
import { splitTouches } from "./split-touches.ts";

type Touches = (before: EditedDocument["before"], after: EditedDocument["after"]) => Touched;

/** What a shifter touches by a change of each kind of document; undefined: it is for admins. */
const ofShifters: Readonly<Record<DocumentKind, Touches | undefined>> = {
  TrafficSplit: splitTouches,
  Drain: drainTouches,
  Service: undefined,
  TrafficPolicy: undefined,
  Route: undefined,
  Patch: undefined,
};

/** Why this person may not make these edits; asked by the store with what is in force as it decides. */
export function changePermits(principal: Principal): (edits: readonly EditedDocument[]) => Forbidden | undefined {
  const { name, role } = principal;
  return (edits) => {
    if (role === "admin") return undefined;
    for (const { kind, name: document, before, after } of edits) {
      const resource = documentPath(kind, document);
      const touches = ofShifters[kind];
      if (role === "viewer" || !touches)
        return {
          says: `${name} may not change ${resource}: that is for admin, and ${name} is ${role}`,
          metadata: { resource, name, role },
        };
      const { services, datacenters } = outOfReach(principal, touches(before, after));
      if (services.length + datacenters.length > 0)
        return {
          says: reachText(name, `this change of ${resource} touches`, { services, datacenters }),
          metadata: { resource, name, role, services: services.join(","), datacenters: datacenters.join(",") },
        };
    }
    return undefined;
  };
}

/** `this change … touches service report and data center dc-c, which ana may not`. */
export function reachText(
  name: string,
  what: string,
  { services, datacenters }: { readonly services: readonly string[]; readonly datacenters: readonly string[] },
): string {
  const parts = [
    ...services.map((each) => `service ${each}`),
    ...datacenters.map((each) => (each === "*" ? "every data center" : `data center ${each}`)),
  ];
  return `${what} ${parts.join(" and ")}, which ${name} may not`;
}
