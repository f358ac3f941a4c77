import type { JoinedWorlds, Knowledge } from "./join-worlds.ts";
import type { Latest } from "./lib/latest.ts";
import { problemText } from "./lib/parsed.ts";
import type { ServiceName } from "./model/names.ts";
import type { Viewer } from "./model/viewer.ts";
import type { World } from "./model/world.ts";
import type { OperatorParts } from "./operator/parts.ts";
import { heldWords, operatorGuard, withGuard } from "./operator-guard.ts";
import { operatorPlan } from "./operator-plan.ts";
import type { PolicyStore, StoreStatus } from "./policy/policy-store.ts";
import type { Running } from "./running/running.ts";
import type { Clients } from "./serve/clients.ts";
import type { ObservedLoads } from "./serve/loads/observed-loads.ts";
import { resourceJson } from "./snapshot/resource-json.ts";
import type { AddressRule } from "./sources/guard/address-rule.ts";
import type { SharedConfirmations } from "./sources/guard/shared-confirmations.ts";
import { overviewOf, waitingText } from "./sources/overview.ts";
import { resourceNames } from "./translate/resource-names.ts";
import type { Translate } from "./translate/resource-set.ts";
import { placementsOf } from "./translate/spread/placements.ts";

/** Puts together what the operator's side is given, from the parts that the control plane runs. */
export function operatorParts({
  policies,
  registry,
  acts,
  clients,
  loads,
  running,
  joined,
  allows,
  confirmations,
  published,
  leased,
  translate,
  plans,
  baselineOf,
  reports,
  metrics,
  logs,
  version,
  now,
}: {
  readonly policies: PolicyStore;
  readonly registry: OperatorParts["registry"];
  readonly acts: OperatorParts["acts"];
  readonly clients: Clients;
  readonly loads: ObservedLoads;
  readonly running: Running;
  readonly joined: JoinedWorlds;
  readonly allows: AddressRule;
  /** Undefined: there are no other replicas. */
  readonly confirmations: SharedConfirmations | undefined;
  readonly published: Latest<World>;
  /** The viewers of connected clients. */
  readonly leased: () => readonly Viewer[];
  readonly translate: Translate;
  readonly plans: OperatorParts["plans"];
  readonly baselineOf: OperatorParts["baselineOf"];
  readonly reports?: OperatorParts["reports"];
  readonly metrics: OperatorParts["metrics"];
  readonly logs: OperatorParts["logs"];
  readonly version: string;
  readonly now: () => Date;
}): OperatorParts {
  return {
    policies,
    registry,
    acts,
    clients,
    loads,
    running,
    worlds: published,
    whyNotServed: (service) => whyNotServed(joined.knowledge.current(), service),
    patchProblems: (patch) => patchProblems(patch, published.current(), leased(), translate),
    sources: () => withGuard(overviewOf(joined.knowledge.current()?.states ?? new Map()), joined.guarded()),
    guard: operatorGuard(joined, allows, confirmations),
    planning: operatorPlan({ policies, clients, loads, published, preview: joined.preview, leased, translate, now }),
    plans,
    baselineOf,
    resourceNames: (spec) => resourceNames(spec, published.current()?.routes ?? []),
    placements: (service, from, flavour, subset) => {
      const world = published.current();
      return world ? placementsOf(world, service, from, flavour, subset) : [];
    },
    resourceJson,
    readiness: () => readinessOf(policies.status(), joined, published, now()),
    reports,
    metrics,
    logs,
    version,
    now,
  };
}

/** Of one viewer of each kind: patches are for kinds of clients. What is translated already is not translated again. */
function patchProblems(
  patch: string,
  world: World | undefined,
  leased: readonly Viewer[],
  translate: Translate,
): readonly string[] {
  if (world?.patches?.some(({ name }) => name === patch) !== true) return [];
  const ofEachKind = new Map(
    leased.map((viewer) => [viewer.flavour === "grpc" ? "grpc" : `envoy-${viewer.role}`, viewer]),
  );
  return [...ofEachKind].flatMap(([kind, viewer]) => {
    const problems = translate(world, viewer).patchesLeftOut?.get(patch) ?? [];
    return problems.map((problem) => `Patch ${patch} is left out for ${kind}: ${problemText(problem)}`);
  });
}

function whyNotServed(known: Knowledge | undefined, service: ServiceName): string | undefined {
  const missing = known?.merged.withheld.get(service);
  if (missing === undefined) return undefined;
  const problems = known?.demand.problems.get(service) ?? [];
  return problems.length > 0 ? problems.map(problemText).join("; ") : `not answered yet: ${missing.join(", ")}`;
}

function readinessOf(
  store: StoreStatus,
  { waitingFor, demand, knowledge, guarded }: JoinedWorlds,
  published: Latest<World>,
  now: Date,
): ReturnType<OperatorParts["readiness"]> {
  const states = knowledge.current()?.states ?? new Map();
  const { stale, heldBack } = heldWords(overviewOf(states), guarded(), now);
  const held = { stale: [...storeWords(store), ...stale], heldBack };
  if (published.current() !== undefined) return { ready: true, waitingFor: [], ...held };
  if (!store.isKnown)
    return { ready: false, waitingFor: [`documents: ${store.cause ?? "they are being read"}`], ...held };
  const words = waitingText(waitingFor() ?? [], demand.current() ?? new Map(), states, now);
  return { ready: false, waitingFor: words.length > 0 ? words : ["the documents are being read"], ...held };
}

function storeWords({ state, where, cause }: StoreStatus): readonly string[] {
  return state === "current" ? [] : [`documents: ${where} is ${state}: ${cause ?? "it does not answer"}`];
}
