import type { BackendRef, RouteRule, RouteSpec } from "../../model/route.ts";
import { isInSubset, type Service } from "../../model/service.ts";
import { type Analyzer, counted, listed, ofAll, type Sighting, timeText, when } from "./analyzer.ts";
import { type Path, type Place, type Scene, type Subject, subjectsOf } from "./scene.ts";

// Rules of Routes, against the services that they lead to and the clients that follow them.

const faultLeftOn = ofEachRule(
  { code: "WR0601", severity: "warning", title: "Trouble made on purpose is on for everybody" },
  ({ rule: { fault }, at, called }) => {
    if (fault === undefined || fault.onHeaders.length > 0) return [];
    const { delay, abort } = fault;
    const parts = [
      ...(delay && delay.percent > 0 && delay.by.kind === "fixed"
        ? [`${delay.percent} % wait ${timeText(delay.by.ms)}`]
        : []),
      ...(abort && abort.percent > 0 && abort.with.kind !== "from-header" ? [`${abort.percent} % fail`] : []),
    ];
    return when(parts.length > 0, () => ({
      place: at("fault"),
      says: `of all requests of ${called}, ${parts.join(" and ")}, without their asking for it`,
      remedy: "Take the fault out when the experiment is over, or let only requests with a header have it (onHeaders).",
    }));
  },
);

const mirrorsItself = ofEachRule(
  { code: "WR0602", severity: "warning", title: "Requests are copied to the service that they go to" },
  ({ rule: { backends, mirrors }, at, called }) =>
    mirrors.flatMap((mirror) => {
      const isSame = backends.some((each) => each.service === mirror.service && each.subset === mirror.subset);
      return when(isSame, () => ({
        place: at("mirror"),
        says: `${mirror.percent} % of the requests of ${called} are sent to ${refText(mirror)} twice: whatever they change is changed twice, and it bears ${100 + mirror.percent} % of the load`,
        remedy: "Copy them to another service or subset, or take the mirror out.",
      }));
    }),
);

const noEndpoints = ofEachRule(
  { code: "WR0603", severity: "error", title: "A rule sends requests where no endpoint is" },
  ({ rule: { backends }, at, called, endpointsOf }) =>
    backends.flatMap((backend, index) => {
      const there = endpointsOf(backend);
      return when(backend.weight > 0 && there === 0, () => ({
        place: at("backendRefs", index),
        says: `${called} sends requests to ${refText(backend)}, which has no endpoint: they fail`,
        remedy: "Give it weight 0 until it has endpoints.",
      }));
    }),
);

const passedOver = ofEachRule(
  { code: "WR0604", severity: "warning", title: "gRPC clients pass a rule over" },
  ({ rule: { matches }, at, called, grpcClients }) => {
    const lost = matches.filter(({ queryParameters }) => queryParameters.length > 0).length;
    return when(grpcClients > 0 && matches.length > 0 && lost === matches.length, () => ({
      place: at("matches"),
      says: `${counted(grpcClients, "connected gRPC client")} never ${grpcClients === 1 ? "takes" : "take"} ${called}: gRPC has no query parameters to match, so the rules after it decide`,
      remedy: "Match by a header as well.",
    }));
  },
);

const envoyOnly = ofEachRule(
  { code: "WR0605", severity: "info", title: "Parts of a rule that gRPC clients do not do" },
  ({ rule, at, called, grpcClients }) => {
    const parts = [
      ...(rule.mirrors.length > 0 ? ["mirror"] : []),
      ...(rule.sessionAffinity ? ["sessionAffinity"] : []),
      ...(rule.rateLimit ? ["rateLimit"] : []),
      ...(hasEdits(rule.requestHeaders) ? ["requestHeaders"] : []),
      ...(hasEdits(rule.responseHeaders) ? ["responseHeaders"] : []),
    ];
    return when(grpcClients > 0 && parts.length > 0, () => ({
      place: at(parts[0] ?? ""),
      says: `${counted(grpcClients, "connected gRPC client")} ${grpcClients === 1 ? "does" : "do"} without ${parts.join(", ")} of ${called}`,
      remedy: "Have Envoys do it (the edge, a sidecar), or the service itself.",
    }));
  },
);

const triesOverDeadline = ofEachRule(
  { code: "WR0606", severity: "warning", title: "The tries of a route take longer than its request may" },
  ({ rule, at, called, policyOf }) => {
    const policy = policyOf(rule.backends[0]);
    const retry = rule.retry ?? policy?.retry;
    const requestMs = rule.timeouts.requestMs ?? policy?.timeouts.requestMs;
    const isOwn = rule.retry !== undefined || rule.timeouts.requestMs !== undefined;
    if (retry?.kind !== "on" || retry.perTryTimeoutMs === undefined || !requestMs || !isOwn) return [];
    const { perTryTimeoutMs, attempts } = retry;
    return when((attempts + 1) * perTryTimeoutMs > requestMs, () => ({
      place: rule.timeouts.requestMs === undefined ? at("retry") : at("timeouts", "request"),
      says: `${attempts + 1} tries of ${timeText(perTryTimeoutMs)} are ${timeText((attempts + 1) * perTryTimeoutMs)}, and a request of ${called} ends after ${timeText(requestMs)}`,
      remedy: "Allow the request more time, or each try less.",
    }));
  },
);

const countedApart = ofEachRule(
  { code: "WR0608", severity: "info", title: "A local rate limit is counted in each Envoy by itself" },
  ({ rule: { rateLimit }, at, called, envoys }) => {
    const bucket = rateLimit?.local?.bucket;
    return when(bucket !== undefined && envoys > 1, () => ({
      place: at("rateLimit", "local"),
      says: `${counted(envoys, "Envoy")} are connected, and each lets ${bucket?.requests} requests of ${called} in ${timeText(bucket?.perMs ?? 0)} through: together up to ${(bucket?.requests ?? 0) * envoys}`,
      remedy: "Divide it by the number of Envoys, or use the global limit.",
    }));
  },
);

const limiterGone = ofEachRule(
  { code: "WR0609", severity: "error", title: "A global rate limit stops everything" },
  ({ rule: { rateLimit }, at, called, endpointsOf }) => {
    const global = rateLimit?.global;
    const there = global && endpointsOf({ service: global.service, subset: undefined });
    return when(global?.failOpen === false && there === 0, () => ({
      place: at("rateLimit", "global"),
      says: `${global?.service} decides about each request of ${called} and has no endpoint: since the limit fails closed, all are refused`,
      remedy: "Set failOpen: true, or see to it that the rate-limit service is there.",
    }));
  },
);

const hashedForNothing = ofEachRule(
  { code: "WR0610", severity: "warning", title: "A route hashes for a service that does not balance by hash" },
  ({ rule: { hashOn, backends }, at, called, policyOf }) => {
    const [first] = backends;
    const kind = policyOf(first)?.loadBalancer.kind;
    return when(hashOn !== undefined && kind !== undefined && kind !== "ring-hash" && kind !== "maglev", () => ({
      place: at("hashOn"),
      says: `hashOn of ${called} has no effect: ${first?.service} is balanced by ${kind}`,
      remedy: "Set loadBalancer.type of its TrafficPolicy to RingHash or Maglev.",
    }));
  },
);

/** A Route for a host that no Service has, without a rule for everything else. */
const unanswered = ofAll(
  { code: "WR0607", severity: "info", title: "Requests that no rule of a route takes are refused" },
  ({ book }) => {
    const hosts = new Set([...book.services.values()].flatMap((spec) => spec.hosts.map((host) => host.toLowerCase())));
    return book.routes.flatMap((route) => {
      const alone = route.hosts.filter((host) => !hosts.has(host.toLowerCase()));
      const takesAll = route.rules.some(({ matches }) => matches.length === 0 || matches.some(isEverything));
      return when(alone.length > 0 && !takesAll, () => ({
        place: { document: { kind: "Route", name: route.name }, path: ["spec", "rules"] },
        says: `what no rule takes of ${listed(alone)} is answered 404 (UNIMPLEMENTED for gRPC), since no Service has ${alone.length === 1 ? "this host" : "these hosts"}`,
        remedy: "End with a rule without matches, unless that is meant.",
      }));
    });
  },
);

export const routeAnalyzers: readonly Analyzer[] = [
  faultLeftOn,
  mirrorsItself,
  noEndpoints,
  passedOver,
  envoyOnly,
  triesOverDeadline,
  unanswered,
  countedApart,
  limiterGone,
  hashedForNothing,
];

/** A rule of a Route and what it is about. */
type Ruled = {
  readonly rule: RouteRule;
  at(...path: Path): Place;
  /** `rules[0] of report`, or the rule's name. */
  readonly called: string;
  readonly grpcClients: number;
  readonly envoys: number;
  /** Of those that are not draining; undefined: not known. */
  endpointsOf(ref: BackendRef): number | undefined;
  policyOf(ref: BackendRef | undefined): Subject["policy"] | undefined;
};

function ofEachRule(
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

function refText({ service, subset }: BackendRef): string {
  return subset === undefined ? service : `subset ${subset} of ${service}`;
}

function hasEdits({ set, add, remove }: RouteRule["requestHeaders"]): boolean {
  return set.length + add.length + remove.length > 0;
}

function isEverything({ path, headers, queryParameters, percent }: RouteRule["matches"][number]): boolean {
  return path.kind === "any" && headers.length + queryParameters.length === 0 && percent === 100;
}
