import type { RouteRule } from "../../model/route.ts";
import { type Analyzer, listed, ofAll, timeText, when } from "./analyzer.ts";
import { ofEachRule, refText } from "./ruled.ts";

// Rules of Routes, against the services that they lead to.

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

function isEverything({ path, headers, queryParameters, percent }: RouteRule["matches"][number]): boolean {
  return path.kind === "any" && headers.length + queryParameters.length === 0 && percent === 100;
}

export const routeAnalyzers: readonly Analyzer[] = [
  faultLeftOn,
  mirrorsItself,
  noEndpoints,
  triesOverDeadline,
  unanswered,
  hashedForNothing,
];
