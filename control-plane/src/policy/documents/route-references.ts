import { didYouMean } from "../../lib/did-you-mean.ts";
import type { Problem } from "../../lib/parsed.ts";
import type { BackendRef, RouteRule, RouteSpec } from "../../model/route.ts";
import type { ServiceSpec } from "../../model/service.ts";
import type { Path, Where } from "./path-text.ts";

type Reference = BackendRef & { readonly path: Path };

/**
 * What is wrong with what a Route names: services that are not there (told by `unknownService`), subsets that they do not
 * have, services that a route cannot lead to, or not together.
 */
export function routeReferenceProblems(
  { rules }: RouteSpec,
  known: ReadonlyMap<string, ServiceSpec>,
  where: Where,
  unknownService: (service: BackendRef["service"], place: Pick<Problem, "at" | "source">) => readonly Problem[],
): readonly Problem[] {
  return rules.flatMap((rule, index) => {
    const references = referencesOf(rule, ["spec", "rules", index]);
    const limiter = rule.rateLimit?.global?.service;
    return [
      ...references.flatMap((reference) => problemsOf(reference, known, where, unknownService)),
      ...twoProtocols(references, known, where),
      ...(limiter === undefined ? [] : limiterProblems(limiter, known, where, index, unknownService)),
    ];
  });
}

/** Envoy asks a rate-limit service over gRPC. */
function limiterProblems(
  service: BackendRef["service"],
  known: ReadonlyMap<string, ServiceSpec>,
  where: Where,
  index: number,
  unknownService: (service: BackendRef["service"], place: Pick<Problem, "at" | "source">) => readonly Problem[],
): readonly Problem[] {
  const place = where(["spec", "rules", index, "rateLimit", "global", "service"]);
  const protocol = known.get(service)?.protocol;
  if (protocol === undefined) return unknownService(service, place);
  if (protocol === "grpc" || protocol === "http2") return [];
  const says = `Service "${service}" speaks ${protocol.toUpperCase()}; a rate-limit service is asked over GRPC or HTTP2`;
  return [{ ...place, says }];
}

function referencesOf({ backends, mirrors }: RouteRule, rule: Path): readonly Reference[] {
  return [
    ...backends.map((backend, index) => ({ ...backend, path: [...rule, "backendRefs", index] })),
    ...mirrors.map((mirror) => ({ ...mirror, path: [...rule, "mirror"] })),
  ];
}

function problemsOf(
  { service, subset, path }: Reference,
  known: ReadonlyMap<string, ServiceSpec>,
  where: Where,
  unknownService: (service: BackendRef["service"], place: Pick<Problem, "at" | "source">) => readonly Problem[],
): readonly Problem[] {
  const spec = known.get(service);
  if (spec === undefined) return unknownService(service, where([...path, "service"]));
  if (spec.protocol === "tcp")
    return [
      { ...where([...path, "service"]), says: `Service "${service}" speaks TCP; routes lead to GRPC, HTTP2 and HTTP1` },
    ];
  const names = spec.subsets.map(({ name }) => name);
  if (subset === undefined || names.includes(subset)) return [];
  const guess = didYouMean(subset, names) || ` (it has ${names.join(", ") || "none"})`;
  return [{ ...where([...path, "subset"]), says: `Service "${service}" has no subset "${subset}"${guess}` }];
}

/** Envoy could, but how long a call may take and what is tried again is said for a protocol. */
function twoProtocols(
  references: readonly Reference[],
  known: ReadonlyMap<string, ServiceSpec>,
  where: Where,
): readonly Problem[] {
  const spoken = references.flatMap(({ service, path }) => {
    const protocol = known.get(service)?.protocol;
    return protocol === undefined || protocol === "tcp" ? [] : [{ service, path, protocol }];
  });
  const [first] = spoken;
  return spoken.flatMap(({ service, path, protocol }) => {
    if (first === undefined || protocol === first.protocol) return [];
    const says = `Service "${service}" speaks ${protocol.toUpperCase()} and "${first.service}" ${first.protocol.toUpperCase()}: one rule leads to one protocol`;
    return [{ ...where([...path, "service"]), says }];
  });
}
