import { isDeepStrictEqual } from "node:util";
import { type PathMatch, pathPatternOf, type RouteMatch, type RouteRule } from "./route.ts";

/** Every request: of no rule with it there is anything left for those after it. */
export const anyRequest: RouteMatch = { path: { kind: "any" }, headers: [], queryParameters: [], percent: 100 };

/** The ways to match a rule; one without matches takes everything. */
export function matchesOf({ matches }: Pick<RouteRule, "matches">): readonly RouteMatch[] {
  return matches.length > 0 ? matches : [anyRequest];
}

/**
 * Whether certainly every request that the one is for is the other's as well; regular expressions are compared as texts. Of
 * what an earlier match covers nothing is left for a later one.
 */
export function coversMatch(wide: RouteMatch, narrow: RouteMatch): boolean {
  const holdsAll = <T>(few: readonly T[], many: readonly T[]) =>
    few.every((each) => many.some((other) => isDeepStrictEqual(each, other)));
  return (
    wide.percent === 100 &&
    coversPath(wide.path, narrow.path) &&
    holdsAll(wide.headers, narrow.headers) &&
    holdsAll(wide.queryParameters, narrow.queryParameters)
  );
}

function coversPath(wide: PathMatch, narrow: PathMatch): boolean {
  const outer = pathPatternOf(wide);
  const inner = pathPatternOf(narrow);
  if (outer.kind === "any" || isDeepStrictEqual(outer, inner)) return true;
  const begins =
    inner.kind === "begins-with" ? inner.text : inner.kind === "regex" || inner.kind === "any" ? "" : inner.path;
  if (outer.kind === "prefix") return begins === outer.path || begins.startsWith(`${outer.path}/`);
  if (outer.kind !== "begins-with") return false;
  // A prefix of whole segments, /a/b, is /a/b too, which does not begin with /a/b/.
  return begins.startsWith(outer.text);
}
