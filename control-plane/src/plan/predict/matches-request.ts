import { RE2JS } from "re2js";
import { never } from "../../lib/exhaustive.ts";
import {
  type HeaderMatch,
  type PathMatch,
  pathPatternOf,
  type QueryMatch,
  type RouteMatch,
  type TextMatch,
} from "../../model/route.ts";
import type { Viewer } from "../../model/viewer.ts";
import type { Request } from "./request.ts";

/**
 * Whether a request fulfils all of a match's conditions but its percentage (Envoy's route matching; gRFC A28). Clients agree
 * but in one thing: gRPC clients are not told of matches with queries, which they have none of.
 */
export function matchesRequest(match: RouteMatch, request: Request, flavour: Viewer["flavour"]): boolean {
  return (
    matchesPath(match.path, request.path) &&
    matchesHeaders(match.headers, request) &&
    (flavour === "envoy" ? matchesQuery(match.queryParameters, request) : match.queryParameters.length === 0)
  );
}

export function matchesHeaders(conditions: readonly HeaderMatch[], { headers }: Request): boolean {
  return conditions.every(({ name, value, invert }) => fits(value, headers.get(name)) !== invert);
}

function matchesPath(condition: PathMatch, path: string): boolean {
  const pattern = pathPatternOf(condition);
  switch (pattern.kind) {
    case "any":
      return true;
    case "exact":
      return path === pattern.path;
    case "begins-with":
      return path.startsWith(pattern.text);
    case "prefix":
      return path === pattern.path || path.startsWith(`${pattern.path}/`);
    case "regex":
      return RE2JS.matches(pattern.regex, path);
    default:
      return never(pattern);
  }
}

/** Of a parameter that is there several times Envoy looks at the first. */
function matchesQuery(conditions: readonly QueryMatch[], { query }: Request): boolean {
  const parameters = new URLSearchParams(query);
  return conditions.every(({ name, value }) => fits(value, parameters.get(name) ?? undefined));
}

function fits(wanted: TextMatch | { readonly kind: "present" }, found: string | undefined): boolean {
  if (found === undefined) return false;
  switch (wanted.kind) {
    case "present":
      return true;
    case "exact":
      return found === wanted.text;
    case "prefix":
      return found.startsWith(wanted.text);
    case "regex":
      return RE2JS.matches(wanted.regex, found);
    default:
      return never(wanted);
  }
}
