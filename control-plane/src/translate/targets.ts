import type { ServiceName } from "../model/names.ts";
import type { TrafficPolicy } from "../model/policy.ts";
import type { RouteBackend } from "../model/route.ts";
import type { ServiceSpec } from "../model/service.ts";
import type { Split } from "../model/split.ts";
import { clusterName } from "./resource-names.ts";

/** A service that a kind of client can call, as routes to it see it. */
export type Destination = {
  readonly spec: ServiceSpec;
  readonly policy: TrafficPolicy;
  /** Of its subsets; none is the whole service. */
  readonly shares: Split["subsets"];
};

/** Undefined where a kind of client cannot call the service. */
export type Destinations = (service: ServiceName) => Destination | undefined;

/** A cluster and its share, relative to its neighbours; above 0. */
export type Target = { readonly cluster: string; readonly weight: number };

/** What backends come to: a service without a subset is shared out as its split says. Weights are as small as they can be. */
export function targetsOf(backends: readonly RouteBackend[], destinationOf: Destinations): readonly Target[] {
  const targets = backends.flatMap(({ service, subset, weight }): readonly Target[] => {
    const destination = destinationOf(service);
    if (!destination || weight === 0) return [];
    const { spec, shares } = destination;
    if (subset !== undefined)
      return hasSubset(spec, subset) ? [{ cluster: clusterName(spec, subset), weight: weight * wholePercent }] : [];
    if (shares.length === 0) return [{ cluster: clusterName(spec), weight: weight * wholePercent }];
    return shares
      .filter(({ percent }) => percent > 0)
      .map(({ name, percent }) => ({
        cluster: clusterName(spec, name),
        weight: weight * Math.round(percent * percentParts),
      }));
  });
  return inLowestTerms(together(targets.filter(({ weight }) => weight > 0)));
}

/** All of a service: what goes to it without a Route. */
export function wholeOf({ name }: ServiceSpec): RouteBackend {
  return { service: name, subset: undefined, weight: 1 };
}

export function hasSubset({ subsets }: ServiceSpec, subset: string): boolean {
  return subsets.some(({ name }) => name === subset);
}

/** A percent is a thousand parts, the smallest share that a split can name. */
const percentParts = 1_000;
const wholePercent = 100 * percentParts;

/** Envoy refuses weights that add up to more. */
const largestSum = 4_294_967_295;

/** Envoy takes a cluster that is named twice; to who reads the configuration it is one. */
function together(targets: readonly Target[]): readonly Target[] {
  const weights = new Map<string, number>();
  for (const { cluster, weight } of targets) weights.set(cluster, (weights.get(cluster) ?? 0) + weight);
  return [...weights].map(([cluster, weight]) => ({ cluster, weight }));
}

function inLowestTerms(targets: readonly Target[]): readonly Target[] {
  const divisor = targets.reduce((common, { weight }) => greatestCommonDivisor(common, weight), 0);
  const sum = targets.reduce((total, { weight }) => total + weight / divisor, 0);
  const scale = sum > largestSum ? largestSum / 2 / sum : 1;
  return targets.map(({ cluster, weight }) => ({
    cluster,
    weight: scale === 1 ? weight / divisor : Math.max(1, Math.round((weight / divisor) * scale)),
  }));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
