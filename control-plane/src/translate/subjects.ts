import { byText } from "../lib/order.ts";
import type { Problem } from "../lib/parsed.ts";
import { defaultPolicy } from "../model/default-policy.ts";
import { capabilitiesText } from "../model/grpc-capabilities.ts";
import type { ServiceName } from "../model/names.ts";
import type { TrafficPolicy } from "../model/policy.ts";
import type { Service, ServiceSpec } from "../model/service.ts";
import type { Split } from "../model/split.ts";
import type { Viewer } from "../model/viewer.ts";
import type { World } from "../model/world.ts";
import { healthCheckProblem } from "./cluster/health-check.ts";
import { type Claims, claimHosts, type Entrance } from "./domains.ts";
import type { Fitting } from "./fitting.ts";
import { createMemory, sameWhileEqual } from "./memory.ts";
import { canCall } from "./resource-names.ts";
import { type Destination, hasSubset } from "./targets.ts";

/** A service with all that is said about it. */
export type Subject = Destination & { readonly service: Service; readonly split: Split | undefined };

/** What one kind of client can call. */
export type Subjects = {
  /** By name. */
  readonly all: readonly Subject[];
  readonly byName: ReadonlyMap<ServiceName, Subject>;
  /** By name; those of a service that cannot be called too. */
  readonly entrances: readonly Entrance[];
  /** All but endpoints and splits that listeners and routes are made of, one by one: equal lists lead to the same. */
  readonly destinations: readonly unknown[];
  readonly leftOut: ReadonlyMap<ServiceName, readonly Problem[]>;
};

/** The services that a client can call, how they are reached, and what is left out of them. */
export function createSubjects(fitting: Fitting): (world: World, viewer: Viewer) => Subjects {
  const sameSpecs = sameWhileEqual<ServiceSpec>();
  const claims = createMemory<Claims>();
  const known = createMemory<Subjects>();
  const last = new Map<string, { readonly world: World; readonly subjects: Subjects }>();

  return (world, viewer) => {
    const kind = kindOf(viewer);
    return known(world, everywhere, kind, () => {
      const before = last.get(kind);
      const subjects =
        before && onlyEndpointsDiffer(before.world, world)
          ? withEndpointsOf(before.subjects, world.catalog)
          : subjectsOf(world, viewer);
      last.set(kind, { world, subjects });
      return subjects;
    });
  };

  function subjectsOf(world: World, viewer: Viewer): Subjects {
    const { flavour } = viewer;
    const services = [...world.catalog.values()].sort((a, b) => byText(a.spec.name, b.spec.name));
    const specs = sameSpecs(services.map(({ spec }) => spec));
    const routes = fitting.routes(world.routes, viewer);
    const { entrances, problems } = claims(specs, routes, "", () => claimHosts(specs, routes));

    const all: Subject[] = [];
    const leftOut = new Map<ServiceName, readonly Problem[]>();
    for (const service of services) {
      const { spec } = service;
      const policy = world.policies.get(spec.name) ?? defaultPolicy;
      const split = world.splits.get(spec.name);
      const said = [...(problems.get(spec) ?? []), ...problemsOf(spec, policy, flavour)];
      if (said.length > 0) leftOut.set(spec.name, said);
      if (canCall(flavour, spec))
        all.push({ service, spec, policy: fitting.policy(policy, viewer), split, shares: sharesOf(spec, split) });
    }
    return {
      all,
      byName: new Map(all.map((subject) => [subject.spec.name, subject])),
      entrances,
      destinations: all.flatMap(({ spec, policy, shares }) => [spec, policy, shares]),
      leftOut,
    };
  }
}

/** In place of an object that a result does not depend on. */
const everywhere = {};

/** What happens all the time: instances come, go, and change. */
function onlyEndpointsDiffer(before: World, now: World): boolean {
  if (before.policies !== now.policies || before.splits !== now.splits || before.routes !== now.routes) return false;
  if (before.catalog.size !== now.catalog.size) return false;
  for (const [name, { spec }] of now.catalog) if (before.catalog.get(name)?.spec !== spec) return false;
  return true;
}

function withEndpointsOf({ all, byName, ...same }: Subjects, catalog: World["catalog"]): Subjects {
  const changed = new Map(byName);
  const subjects = all.map((subject) => {
    const service = catalog.get(subject.spec.name);
    if (service === undefined || service === subject.service) return subject;
    const next = { ...subject, service };
    changed.set(subject.spec.name, next);
    return next;
  });
  return { ...same, all: subjects, byName: changed };
}

/** What of a viewer decides what it can call, and how: not where it is. */
function kindOf(viewer: Viewer): string {
  return viewer.flavour === "envoy" ? "envoy" : `grpc ${capabilitiesText(viewer.grpc)}`;
}

const none: Split["subsets"] = [];

function sharesOf(spec: ServiceSpec, split: Split | undefined): Split["subsets"] {
  if (split === undefined || split.subsets.length === 0) return none;
  return split.subsets.every(({ name }) => hasSubset(spec, name))
    ? split.subsets
    : split.subsets.filter(({ name }) => hasSubset(spec, name));
}

function problemsOf(spec: ServiceSpec, policy: TrafficPolicy, flavour: Viewer["flavour"]): readonly Problem[] {
  if (!canCall(flavour, spec)) {
    const says =
      flavour === "envoy"
        ? "is left out: Envoy's listeners here speak HTTP, and the protocol is TCP"
        : `is left out: gRPC clients need GRPC or HTTP2, not ${spec.protocol.toUpperCase()}`;
    return [{ at: "spec.protocol", says }];
  }
  const problem = flavour === "envoy" ? healthCheckProblem(policy.healthCheck, spec.protocol) : undefined;
  return problem ? [problem] : [];
}
