import { byText } from "../../lib/order.ts";
import type { RouteRule } from "../../model/route.ts";
import type { Service } from "../../model/service.ts";
import type { World } from "../../model/world.ts";
import { spreadOf } from "../../translate/spread/spread-endpoints.ts";
import { spreadingOf } from "../../translate/spread/spreading.ts";
import { subsetEndpoints } from "../../translate/spread/subset-endpoints.ts";
import type { Subject } from "../../translate/subjects.ts";
import type { Destination, Question, Scenario } from "./explanation.ts";
import { happen } from "./happen.ts";
import { predictShares } from "./predict.ts";
import type { Way } from "./route-request.ts";
import type { WhatIf } from "./what-if.ts";

type Target = Pick<Destination, "subset" | "cluster" | "share"> & { readonly subject: Subject };

/** What becomes of requests at one of the targets of their way. */
export function destinationOf(
  { subject: { service, policy }, ...target }: Target,
  { rule, aborted }: Way,
  hash: bigint | undefined,
  world: World,
  { viewer, ifs }: Question,
): Destination {
  const { flavour, locality } = viewer;
  const scenario = ({ says, happenings }: WhatIf): Scenario => {
    const { service: then, condition, affected } = happen(service, happenings);
    // Placed as a part of the whole service: its limits count the endpoints of the other subsets too.
    const spreading = spreadingOf(world, then, locality);
    const { localities, overprovisioningFactor } = spreadOf(membersOf(then, target.subset), spreading, flavour);
    const held = { ...policy, overprovisioningFactor };
    return { says, affected, prediction: predictShares(localities, held, flavour, condition, hash) };
  };
  return {
    ...target,
    service: service.spec.name,
    by: rule && { route: rule.route, rule: rule.name },
    aborted,
    notes: rule && flavour === "envoy" ? notesOf(rule.rule) : [],
    now: scenario({ says: "now", happenings: [] }).prediction,
    ifs: (ifs.length > 0 ? ifs : eachDatacenterDies(service)).map(scenario),
  };
}

function membersOf(service: Service, name: string | undefined): Service {
  const subset = service.spec.subsets.find((each) => each.name === name);
  return subset ? { ...service, endpoints: subsetEndpoints(service, subset) } : service;
}

function notesOf({ sessionAffinity, rateLimit }: RouteRule): readonly string[] {
  return [
    ...(sessionAffinity ? ["session affinity: shares are of callers who come for the first time"] : []),
    ...(rateLimit?.local ? ["a local rate limit may refuse some"] : []),
    ...(rateLimit?.global ? [`${rateLimit.global.service} may refuse some (global rate limit)`] : []),
  ];
}

function eachDatacenterDies({ endpoints }: Service): readonly WhatIf[] {
  const regions = new Set(endpoints.map(({ locality }) => locality.region).filter((region) => region !== ""));
  return [...regions].sort(byText).map((region) => ({
    says: `${region} dies`,
    happenings: [
      {
        percent: 100,
        where: { kind: "locality", pattern: { region, zone: undefined, subZone: undefined } },
        what: { kind: "trouble", trouble: "gone" },
      },
    ],
  }));
}
