import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { NodeMatcher } from "@weir/proto/envoy/type/matcher/v3/node_pb.ts";
import type { DoubleMatcher } from "@weir/proto/envoy/type/matcher/v3/number_pb.ts";
import type { StringMatcher } from "@weir/proto/envoy/type/matcher/v3/string_pb.ts";
import type { StructMatcher } from "@weir/proto/envoy/type/matcher/v3/struct_pb.ts";
import type { ValueMatcher } from "@weir/proto/envoy/type/matcher/v3/value_pb.ts";
import { never } from "../../lib/exhaustive.ts";
import { type Parsed, type Problem, parsed } from "../../lib/parsed.ts";

/** What matchers look at. */
export type MatchedNode = { readonly nodeId: string; readonly metadata: JsonObject };
export type Matches<T> = (value: T) => boolean;

/** So many matchers in one request are checked against each client; more of them are no question but an attack. */
const most = { matchers: 1_000, depth: 16 };

/**
 * envoy.type.matcher.v3.NodeMatcher: a client is meant when any of them matches (all, when there are none), and one matches
 * when its node_id and all of its node_metadatas do. Regular expressions are refused: those of JavaScript can be made to
 * take for ever.
 */
export function parseNodeMatchers(matchers: readonly NodeMatcher[]): Parsed<Matches<MatchedNode>> {
  const problems: Problem[] = [];
  const parse: Parser = { left: most.matchers, problem: (at, says) => problems.push({ at, says }) };
  const any = matchers.map((matcher, index) => nodeMatcher(matcher, `node_matchers[${index}]`, parse));
  // What is left out past the limit would match nothing: it is a problem of its own.
  if (parse.left < 0) parse.problem("node_matchers", `has more than ${most.matchers} matchers in all`);
  if (problems.length > 0) return { ok: false, problems: problems.slice(0, 20) };
  return parsed((node) => any.length === 0 || any.some((matches) => matches(node)));
}

type Parser = { left: number; readonly problem: (at: string, says: string) => void };

const nothing = () => false;

function nodeMatcher({ nodeId, nodeMetadatas }: NodeMatcher, at: string, parse: Parser): Matches<MatchedNode> {
  const id = nodeId && stringMatcher(nodeId, `${at}.node_id`, parse);
  const all = nodeMetadatas.map((matcher, index) => structMatcher(matcher, `${at}.node_metadatas[${index}]`, parse));
  return (node) => (id === undefined || id(node.nodeId)) && all.every((matches) => matches(node.metadata));
}

function structMatcher({ path, value }: StructMatcher, at: string, parse: Parser): Matches<JsonObject> {
  const keys = path.flatMap(({ segment }) => (segment.case === "key" ? [segment.value] : []));
  if (keys.length === 0 || keys.length < path.length) parse.problem(`${at}.path`, "must have keys");
  if (value === undefined) {
    parse.problem(`${at}.value`, "is missing");
    return nothing;
  }
  const matches = valueMatcher(value, `${at}.value`, parse, 0);
  return (metadata) => matches(valueAt(metadata, keys));
}

function valueAt(metadata: JsonObject, keys: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = metadata;
  for (const key of keys) {
    if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, key))
      return undefined;
    value = value[key];
  }
  return value;
}

function valueMatcher(
  { matchPattern }: ValueMatcher,
  at: string,
  parse: Parser,
  depth: number,
): Matches<JsonValue | undefined> {
  parse.left -= 1;
  if (parse.left < 0) return nothing;
  if (depth > most.depth) {
    parse.problem(at, `is nested more than ${most.depth} deep`);
    return nothing;
  }
  switch (matchPattern.case) {
    case "nullMatch":
      return (value) => value === null;
    case "boolMatch":
      return (value) => value === matchPattern.value;
    case "presentMatch":
      // As in Envoy: what is no primitive value does not count as present.
      return (value) => (value !== undefined && typeof value !== "object") === matchPattern.value;
    case "doubleMatch": {
      const matches = doubleMatcher(matchPattern.value, `${at}.double_match`, parse);
      return (value) => typeof value === "number" && matches(value);
    }
    case "stringMatch": {
      const matches = stringMatcher(matchPattern.value, `${at}.string_match`, parse);
      return (value) => typeof value === "string" && matches(value);
    }
    case "listMatch": {
      const { case: kind, value: one } = matchPattern.value.matchPattern;
      if (kind === "oneOf") {
        const matches = valueMatcher(one, `${at}.list_match.one_of`, parse, depth + 1);
        return (value) => Array.isArray(value) && value.some(matches);
      }
      parse.problem(`${at}.list_match`, "has no one_of");
      return nothing;
    }
    case "orMatch": {
      const any = matchPattern.value.valueMatchers.map((matcher, index) =>
        valueMatcher(matcher, `${at}.or_match.value_matchers[${index}]`, parse, depth + 1),
      );
      return (value) => any.some((matches) => matches(value));
    }
    case undefined:
      parse.problem(at, "has no pattern that is known here");
      return nothing;
    default:
      return never(matchPattern);
  }
}

function doubleMatcher({ matchPattern }: DoubleMatcher, at: string, parse: Parser): Matches<number> {
  switch (matchPattern.case) {
    case "exact":
      return (value) => value === matchPattern.value;
    case "range": {
      const { start, end } = matchPattern.value;
      return (value) => value >= start && value < end;
    }
    case undefined:
      parse.problem(at, "has no pattern that is known here");
      return nothing;
    default:
      return never(matchPattern);
  }
}

function stringMatcher({ matchPattern, ignoreCase }: StringMatcher, at: string, parse: Parser): Matches<string> {
  const fold = (text: string) => (ignoreCase ? text.toLowerCase() : text);
  parse.left -= 1;
  switch (matchPattern.case) {
    case "exact":
    case "prefix":
    case "suffix":
    case "contains": {
      const compare = comparisons[matchPattern.case];
      const pattern = fold(matchPattern.value);
      return (text) => compare(fold(text), pattern);
    }
    case "safeRegex":
    case "custom":
      parse.problem(at, "regular expressions and extensions are not served: use exact, prefix, suffix or contains");
      return nothing;
    case undefined:
      parse.problem(at, "has no pattern that is known here");
      return nothing;
    default:
      return never(matchPattern);
  }
}

const comparisons = {
  exact: (text: string, pattern: string) => text === pattern,
  prefix: (text: string, pattern: string) => text.startsWith(pattern),
  suffix: (text: string, pattern: string) => text.endsWith(pattern),
  contains: (text: string, pattern: string) => text.includes(pattern),
} as const;
