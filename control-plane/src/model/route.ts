import type { ServiceName } from "./names.ts";
import type { HashSource, Retry } from "./policy.ts";
import type { RateLimit } from "./rate-limit.ts";

/** A Route document: which requests to its hosts go where. Rules are tried in order; the first that matches a request holds. */
export type RouteSpec = {
  readonly name: string;
  /**
   * What clients dial. A host of a Service: what no rule matches goes where it would without a Route. Any other: what no rule
   * matches is answered 404, UNIMPLEMENTED for gRPC.
   */
  readonly hosts: readonly string[];
  readonly rules: readonly RouteRule[];
};

export type RouteRule = {
  /** For people, metrics and findings; unique in its Route. */
  readonly name: string | undefined;
  /** One of them is enough; none is every request. */
  readonly matches: readonly RouteMatch[];
  /** At least one, and not all of weight 0. All speak one protocol. The first one's policy holds where the rule says nothing. */
  readonly backends: readonly RouteBackend[];
  /** Envoy only. */
  readonly mirrors: readonly RouteMirror[];
  /** In place of the policy's; matters to ring hash and Maglev. */
  readonly hashOn: readonly HashSource[] | undefined;
  readonly timeouts: RouteTimeouts;
  /** In place of the policy's; the retry budget stays the policy's, since it counts all requests of a cluster. */
  readonly retry: Retry | undefined;
  /** Envoy only. */
  readonly requestHeaders: HeaderEdits;
  /** Envoy only. */
  readonly responseHeaders: HeaderEdits;
  /** Envoy only. */
  readonly sessionAffinity: SessionAffinity | undefined;
  readonly fault: Fault | undefined;
  /** Envoy only. */
  readonly rateLimit: RateLimit | undefined;
};

/** All of it has to hold. */
export type RouteMatch = {
  readonly path: PathMatch;
  readonly headers: readonly HeaderMatch[];
  /** Envoy only: a gRPC client passes a match over that has one. */
  readonly queryParameters: readonly QueryMatch[];
  /** Of the requests that match otherwise, so many percent, 0.0001 to 100. */
  readonly percent: number;
};

export type PathMatch =
  | { readonly kind: "any" }
  | { readonly kind: "exact"; readonly path: string }
  /** Whole segments: `/v1` is `/v1` and `/v1/report`, not `/v10`. Without a slash at its end. */
  | { readonly kind: "prefix"; readonly path: string }
  /** RE2, of the whole path without the query. */
  | { readonly kind: "regex"; readonly regex: string }
  /** A gRPC method; without `method` all of the service, without `service` this method of any. */
  | {
      readonly kind: "method";
      readonly type: "exact" | "regex";
      readonly service: string | undefined;
      readonly method: string | undefined;
    };

/** What a path has to be for a match; a gRPC method is one. */
export type PathPattern =
  | Exclude<PathMatch, { readonly kind: "method" }>
  | { readonly kind: "begins-with"; readonly text: string };

export function pathPatternOf(path: PathMatch): PathPattern {
  if (path.kind !== "method") return path;
  const { type, service, method } = path;
  if (type === "regex") return { kind: "regex", regex: `/${grouped(service)}/${grouped(method)}` };
  if (service === undefined)
    return method === undefined ? { kind: "any" } : { kind: "regex", regex: `/[^/]+/${method}` };
  return method === undefined
    ? { kind: "begins-with", text: `/${service}/` }
    : { kind: "exact", path: `/${service}/${method}` };
}

function grouped(regex: string | undefined): string {
  return regex === undefined ? "[^/]+" : `(?:${regex})`;
}

/** A header without a value that fits, or that is not there at all, matches when inverted. */
export type HeaderMatch = {
  /** In lower case. */
  readonly name: string;
  readonly value: TextMatch | { readonly kind: "present" };
  readonly invert: boolean;
};

export type QueryMatch = { readonly name: string; readonly value: TextMatch | { readonly kind: "present" } };

export type TextMatch =
  | { readonly kind: "exact"; readonly text: string }
  | { readonly kind: "prefix"; readonly text: string }
  /** RE2, of the whole value. */
  | { readonly kind: "regex"; readonly regex: string };

/** A service, or a subset of it. */
export type BackendRef = { readonly service: ServiceName; readonly subset: string | undefined };

/** Its share is its weight by the sum of the rule's; 0 gets nothing. */
export type RouteBackend = BackendRef & { readonly weight: number };

/** A copy of so many percent of the requests, whose answers are thrown away. */
export type RouteMirror = BackendRef & { readonly percent: number };

/** As those of a policy. Milliseconds; undefined is what the policy says, 0 no limit. */
export type RouteTimeouts = {
  readonly requestMs: number | undefined;
  readonly streamIdleMs: number | undefined;
  readonly maxStreamMs: number | undefined;
};

/** Names in lower case. */
export type HeaderEdits = {
  /** In place of what is there. */
  readonly set: readonly HeaderValue[];
  /** Beside what is there. */
  readonly add: readonly HeaderValue[];
  readonly remove: readonly string[];
};
export type HeaderValue = { readonly name: string; readonly value: string };

/** Keeps a caller on the endpoint that served him first, for as long as that endpoint is there. */
export type SessionAffinity =
  /** 0 ms: until the browser closes. */
  | { readonly kind: "cookie"; readonly name: string; readonly path: string; readonly ttlMs: number }
  | { readonly kind: "header"; readonly name: string };

/** Trouble made on purpose. */
export type Fault = {
  /** Only requests with these; none is all. */
  readonly onHeaders: readonly HeaderMatch[];
  readonly delay: FaultDelay | undefined;
  readonly abort: FaultAbort | undefined;
  /** Envoy only: answers come no faster. */
  readonly responseRate: { readonly kibPerSecond: number; readonly percent: number } | undefined;
};

/** `percent` of the requests; with `from-header` only those that ask for it, and of those. */
export type FaultDelay = {
  readonly percent: number;
  readonly by: { readonly kind: "fixed"; readonly ms: number } | { readonly kind: "from-header" };
};
export type FaultAbort = {
  readonly percent: number;
  readonly with:
    | { readonly kind: "grpc"; readonly status: number }
    | { readonly kind: "http"; readonly status: number }
    | { readonly kind: "from-header" };
};
