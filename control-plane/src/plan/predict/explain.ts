import { byText, sortedBy } from "../../lib/order.ts";
import type { Service } from "../../model/service.ts";
import type { World } from "../../model/world.ts";
import { canCall, clusterName } from "../../translate/resource-names.ts";
import type { Destination, Explanation, Question, Scenario } from "./explanation.ts";
import { happen } from "./happen.ts";
import { predictShares } from "./predict.ts";
import { spreadFor } from "./spread-for.ts";
import type { WhatIf } from "./what-if.ts";

/** Where a client's requests go, now and if something happened; the known hosts when none of them is what it dials. */
export function explain(
  world: World,
  question: Question,
): Explanation | { readonly unknownHost: string; readonly hosts: readonly string[] } {
  const services = servicesByHost(world, question.flavour);
  const service = services.get(question.host.toLowerCase());
  if (!service) return { unknownHost: question.host, hosts: [...services.keys()] };
  return { destinations: [destinationOf(world, service, 1, question)], unmatched: 0 };
}

/** By host in lower case; of services that claim the same the first by name has it. */
function servicesByHost({ catalog }: World, flavour: Question["flavour"]): ReadonlyMap<string, Service> {
  const byHost = new Map<string, Service>();
  for (const service of sortedBy(catalog.values(), ({ spec }) => spec.name)) {
    if (!canCall(flavour, service.spec)) continue;
    for (const host of service.spec.hosts) if (!byHost.has(host.toLowerCase())) byHost.set(host.toLowerCase(), service);
  }
  return byHost;
}

function destinationOf(world: World, service: Service, share: number, question: Question): Destination {
  const ifs = question.ifs.length > 0 ? question.ifs : eachDatacenterDies(service);
  const scenario = ({ says, happenings }: WhatIf): Scenario => {
    const { service: then, condition, affected } = happen(service, happenings);
    const { spread, policy } = spreadFor(world, then, question.from, question.flavour);
    return { says, affected, prediction: predictShares(spread, policy, question.flavour, condition) };
  };
  return {
    share,
    service: service.spec.name,
    cluster: clusterName(service.spec),
    now: scenario({ says: "now", happenings: [] }).prediction,
    ifs: ifs.map(scenario),
  };
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
