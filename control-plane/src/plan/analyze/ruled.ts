import type { BackendRef, RouteRule, RouteSpec } from "../../model/route.ts";
import { isInSubset, type Service } from "../../model/service.ts";
import { type Analyzer, ofAll, type Sighting } from "./analyzer.ts";
import { type Path, type Place, type Scene, type Subject, subjectsOf } from "./scene.ts";

/** A rule of a Route and what it is about. */
export type Ruled = {
  readonly rule: RouteRule;
  at(...path: Path): Place;
  /** `rules[0] of report`, or the rule's name. */
  readonly called: string;
  readonly grpcClients: number;
  readonly envoys: number;
  /** How many endpoints are there; undefined: not known. */
  endpointsOf(ref: BackendRef): number | undefined;
  policyOf(ref: BackendRef | undefined): Subject["policy"] | undefined;
};

export function ofEachRule(
  head: Pick<Analyzer, "code" | "severity" | "title">,
  find: (ruled: Ruled) => Iterable<Sighting>,
): Analyzer {
  return ofAll(head, (scene) =>
    scene.book.routes.flatMap((route) =>
      route.rules.flatMap((rule, index) => [...find(ruled(scene, route, rule, index))]),
    ),
  );
}

function ruled(scene: Scene, { name }: RouteSpec, rule: RouteRule, index: number): Ruled {
  const { clients = [], catalog } = scene;
  return {
    rule,
    at: (...path) => ({ document: { kind: "Route", name }, path: ["spec", "rules", index, ...path] }),
    called: rule.name ?? `rules[${index}] of ${name}`,
    grpcClients: clients.filter(({ kind }) => kind === "grpc").length,
    envoys: clients.filter(({ kind }) => kind === "envoy").length,
    endpointsOf: ({ service, subset }) => endpointsIn(catalog.get(service), subset),
    policyOf: (ref) => ref && subjectsOf(scene).find((each) => each.name === ref.service)?.policy,
  };
}

function endpointsIn(service: Service | undefined, name: string | undefined): number | undefined {
  if (service === undefined) return undefined;
  const subset = service.spec.subsets.find((each) => each.name === name);
  const members = subset ? service.endpoints.filter((each) => isInSubset(subset, each)) : service.endpoints;
  return members.length === 0 && subset?.whenEmpty === "use-all" ? service.endpoints.length : members.length;
}

export function refText({ service, subset }: BackendRef): string {
  return subset === undefined ? service : `subset ${subset} of ${service}`;
}
