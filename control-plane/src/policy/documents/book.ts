import { isDeepStrictEqual } from "node:util";
import { didYouMean } from "../../lib/did-you-mean.ts";
import { sortedBy } from "../../lib/order.ts";
import { type Parsed, type Problem, parsed } from "../../lib/parsed.ts";
import type { ServiceName } from "../../model/names.ts";
import type { ServiceSpec } from "../../model/service.ts";
import type { Book } from "../../model/world.ts";
import { patchReferenceProblems } from "../patches/patch-references.ts";
import type { ParsedDocument } from "./parse-document.ts";
import { routeReferenceProblems } from "./route-references.ts";

export const emptyBook: Book = { revision: 0, services: new Map(), splits: new Map(), policies: [], routes: [] };

type Of<Kind extends ParsedDocument["kind"]> = Extract<ParsedDocument, { kind: Kind }>;

/**
 * All documents in force as one book, once they go together: no reference leads nowhere, nothing is said twice. What did not
 * change is the very same object as in the book before. `broken` names Services that exist but are wrong in themselves, so
 * that references to them are not reported as well.
 */
export function buildBook(
  before: Book,
  documents: readonly ParsedDocument[],
  { revision, broken = new Set() }: { readonly revision: number; readonly broken?: ReadonlySet<string> },
): Parsed<Book> {
  const services = documents.filter((each) => each.kind === "Service");
  const splits = documents.filter((each) => each.kind === "TrafficSplit");
  const policies = documents.filter((each) => each.kind === "TrafficPolicy");
  const routes = documents.filter((each) => each.kind === "Route");
  const patches = documents.filter((each) => each.kind === "Patch");
  // Not held to the services that they name: a drain must not keep a Service from being deleted, nor the other way round.
  const drains = documents.filter((each) => each.kind === "Drain");
  const known = new Map(services.map((each) => [each.name, each.model]));
  const problems = [
    ...namedTwice(documents),
    ...sharedHosts(services),
    ...sharedHosts(routes),
    ...splitProblems(splits, known, broken),
    ...policyProblems(policies, known, broken),
    ...routes.flatMap(({ model, where }) =>
      routeReferenceProblems(model, known, where, (name, place) => unknownService(name, known, broken, place)),
    ),
    ...patches.flatMap(({ model, where }) =>
      patchReferenceProblems(model, known, where, (name, place) => unknownService(name, known, broken, place)),
    ),
  ];
  if (problems.length > 0) return { ok: false, problems };

  return parsed({
    revision,
    services: kept(before.services, byService(services.map(({ model }) => [model.name, model]))),
    splits: kept(before.splits, byService(splits.map(({ model }) => [model.service, model]))),
    policies: keptList(
      before.policies,
      policies.map(({ model }) => model),
    ),
    routes: keptList(
      before.routes,
      sortedBy(routes, ({ name }) => name).map(({ model }) => model),
    ),
    patches: keptList(
      before.patches ?? [],
      sortedBy(patches, ({ name }) => name).map(({ model }) => model),
    ),
    drains: keptList(
      before.drains ?? [],
      sortedBy(drains, ({ name }) => name).map(({ model }) => model),
    ),
  });
}

/** The same kind and name in two places; both are told. */
export function namedTwice(documents: readonly ParsedDocument[]): Problem[] {
  return repeated(documents, ({ kind, name }) => `${kind}/${name}`).map(({ first, again }) => ({
    ...again.where(["metadata", "name"]),
    says: `there is another ${again.kind} "${again.name}": ${placeText(first)}`,
  }));
}

function sharedHosts(documents: readonly (Of<"Service"> | Of<"Route">)[]): Problem[] {
  // Envoy and gRPC compare hosts without regard to case.
  const hosts = documents.flatMap((document) =>
    document.model.hosts.map((host, index) => ({ document, host: host.toLowerCase(), index })),
  );
  return repeated(hosts, ({ host }) => host).flatMap(({ first, again }) => {
    if (first.document.name === again.document.name) return [];
    const { where, document } = again.document;
    const isWritten = Object.hasOwn((document["spec"] as object | undefined) ?? {}, "hosts");
    const path = isWritten ? ["spec", "hosts", again.index] : ["metadata", "name"];
    const says = `host "${again.host}" belongs to ${first.document.kind} "${first.document.name}" already: ${placeText(first.document)}`;
    return [{ ...where(path), says }];
  });
}

type Known = ReadonlyMap<string, ServiceSpec>;

function splitProblems(splits: readonly Of<"TrafficSplit">[], known: Known, broken: ReadonlySet<string>): Problem[] {
  const twice = repeated(splits, ({ model }) => model.service).filter(({ first, again }) => first.name !== again.name);
  return [
    ...splits.flatMap(({ model, where }) => unknownService(model.service, known, broken, where(["spec", "service"]))),
    ...splits.flatMap(({ model, where }) => {
      const names = known.get(model.service)?.subsets.map(({ name }) => name);
      const unknown = model.subsets.filter(({ name }) => names !== undefined && !names.includes(name));
      return unknown.map(({ name }) => ({
        ...where(["spec", "subsets", name]),
        says: `Service "${model.service}" has no subset "${name}"${didYouMean(name, names ?? []) || ` (it has ${names?.join(", ") || "none"})`}`,
      }));
    }),
    ...twice.map(({ first, again }) => ({
      ...again.where(["spec", "service"]),
      says: `Service "${again.model.service}" has TrafficSplit "${first.name}" already: ${placeText(first)}`,
    })),
  ];
}

function policyProblems(
  policies: readonly Of<"TrafficPolicy">[],
  known: Known,
  broken: ReadonlySet<string>,
): Problem[] {
  const targets = policies.flatMap((document) =>
    document.model.services.map((service, index) => ({
      document,
      service,
      place: document.where(["spec", "targetRefs", index, "name"]),
    })),
  );
  const twice = repeated(targets, ({ service }) => service);
  return [
    ...targets.flatMap(({ service, place }) => unknownService(service, known, broken, place)),
    ...targets.flatMap(({ document, service }) => {
      const protocol = known.get(service)?.protocol;
      const { healthCheck } = document.model.policy;
      const asksGrpc = healthCheck.kind === "on" && healthCheck.check.kind === "grpc";
      // Envoy: "… cluster must support HTTP/2 for gRPC healthchecking", and the whole cluster is refused.
      if (!asksGrpc || protocol === undefined || protocol === "grpc" || protocol === "http2") return [];
      const says = `Service "${service}" speaks ${protocol.toUpperCase()}; gRPC health checks need GRPC or HTTP2: use http or tcp`;
      return [{ ...document.where(["spec", "healthCheck", "grpc"]), says }];
    }),
    ...twice.flatMap(({ first, again }) => {
      if (first.document.name === again.document.name) return [];
      const says = `Service "${again.service}" has TrafficPolicy "${first.document.name}" already: ${placeText(first.document)}`;
      return [{ ...again.place, says }];
    }),
  ];
}

function unknownService(
  name: ServiceName,
  known: Known,
  broken: ReadonlySet<string>,
  place: Pick<Problem, "at" | "source">,
): Problem[] {
  if (known.has(name) || broken.has(name)) return [];
  const guess = didYouMean(name, known.keys());
  const names = [...known.keys()].sort();
  const others = names.length === 0 ? "there is none" : `known: ${names.slice(0, 10).join(", ")}`;
  return [{ ...place, says: `there is no Service "${name}"${guess || ` (${others})`}` }];
}

/** `report.yaml:3:9`, or the document's kind and name where it was not read from a file. */
function placeText({ kind, name, where }: ParsedDocument): string {
  const { source } = where(["metadata", "name"]);
  return source ? `${source.file}:${source.line}:${source.column}` : `${kind} "${name}"`;
}

function repeated<T>(values: readonly T[], key: (value: T) => string): { readonly first: T; readonly again: T }[] {
  const seen = new Map<string, T>();
  return values.flatMap((again) => {
    const first = seen.get(key(again));
    if (first !== undefined) return [{ first, again }];
    seen.set(key(again), again);
    return [];
  });
}

function byService<T>(entries: readonly (readonly [ServiceName, T])[]): Map<ServiceName, T> {
  return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function same<T>(before: T | undefined, now: T): T {
  return before !== undefined && isDeepStrictEqual(before, now) ? before : now;
}

function kept<T>(before: ReadonlyMap<ServiceName, T>, now: ReadonlyMap<ServiceName, T>): ReadonlyMap<ServiceName, T> {
  const next = new Map([...now].map(([name, value]) => [name, same(before.get(name), value)]));
  const unchanged = before.size === next.size && [...next].every(([name, value]) => before.get(name) === value);
  return unchanged ? before : next;
}

function keptList<T extends { readonly name: string }>(before: readonly T[], now: readonly T[]): readonly T[] {
  const byName = new Map(before.map((each) => [each.name, each]));
  const next = now.map((each) => same(byName.get(each.name), each));
  return before.length === next.length && next.every((each, index) => each === before[index]) ? before : next;
}
