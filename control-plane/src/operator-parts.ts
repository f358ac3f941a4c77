import type { JoinedWorlds } from "./join-worlds.ts";
import type { Latest } from "./lib/latest.ts";
import { type Locality, matchesLocality } from "./model/locality.ts";
import type { Service } from "./model/service.ts";
import { nearest, type Split } from "./model/split.ts";
import type { World } from "./model/world.ts";
import type { OperatorParts, Placement } from "./operator/parts.ts";
import type { PolicyStore } from "./policy/policy-store.ts";
import type { Clients } from "./serve/clients.ts";
import { overviewOf, waitingText } from "./sources/overview.ts";
import { placeLocalities } from "./translate/locality-priority.ts";
import { resourceNames } from "./translate/resource-names.ts";

/** Puts together what the operator's side is given, from the parts that the control plane runs. */
export function operatorParts({
  policies,
  registry,
  clients,
  joined,
  published,
  metrics,
  version,
  now,
}: {
  readonly policies: PolicyStore;
  readonly registry: OperatorParts["registry"];
  readonly clients: Clients;
  readonly joined: JoinedWorlds;
  readonly published: Latest<World>;
  readonly metrics: OperatorParts["metrics"];
  readonly version: string;
  readonly now: () => Date;
}): OperatorParts {
  return {
    policies,
    registry,
    clients,
    worlds: published,
    sources: () => overviewOf(joined.knowledge.current()?.states ?? new Map()),
    resourceNames,
    placements: (service, from) => placementsOf(service, published.current()?.splits.get(service.spec.name), from),
    readiness: () => readinessOf(joined, published, now()),
    metrics,
    version,
  };
}

function placementsOf(service: Service, split: Split | undefined, from: Locality): readonly Placement[] {
  const rule = split?.rules.find((each) => matchesLocality(each.from, from)) ?? nearest;
  const { priorities } = placeLocalities(service.endpoints, rule, split?.overrides ?? [], from);
  return priorities.flatMap((placed, priority) =>
    placed.map(({ group, weight }) => ({
      priority,
      locality: group.locality,
      weight,
      endpoints: [...group.live, ...group.draining],
    })),
  );
}

function readinessOf(
  { waitingFor, demand, knowledge }: JoinedWorlds,
  published: Latest<World>,
  now: Date,
): ReturnType<OperatorParts["readiness"]> {
  if (published.current() !== undefined) return { ready: true, waitingFor: [] };
  const states = knowledge.current()?.states ?? new Map();
  const words = waitingText(waitingFor() ?? [], demand.current() ?? new Map(), states, now);
  return { ready: false, waitingFor: words.length > 0 ? words : ["the documents are being read"] };
}
