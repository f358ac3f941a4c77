import type { RouteRule } from "../../model/route.ts";
import { type Analyzer, counted, timeText, when } from "./analyzer.ts";
import { ofEachRule } from "./ruled.ts";

// Rules of Routes, against the clients that follow them and the limits that they ask for.

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

function hasEdits({ set, add, remove }: RouteRule["requestHeaders"]): boolean {
  return set.length + add.length + remove.length > 0;
}

export const routeClientAnalyzers: readonly Analyzer[] = [passedOver, envoyOnly, countedApart, limiterGone];
