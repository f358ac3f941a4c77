import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type RouteMatch as Message,
  type QueryParameterMatcherSchema,
  RouteMatchSchema,
} from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import { never } from "../../lib/exhaustive.ts";
import { type PathMatch, pathPatternOf, type QueryMatch, type RouteMatch } from "../../model/route.ts";
import type { Viewer } from "../../model/viewer.ts";
import { fractionOf } from "./fraction.ts";
import { grpcHeaderMatchers } from "./grpc-header-matchers.ts";
import { headerMatcherOf, stringMatcherOf } from "./header-matcher.ts";

/**
 * The conditions of a match as a kind of client has them; several where it has no other way to say "or", none where it cannot
 * fulfil them: gRPC clients have no queries, and would not look at what is asked of them.
 */
export function routeMatchesOf(match: RouteMatch, flavour: Viewer["flavour"]): readonly Message[] {
  const { path, headers, queryParameters, percent } = match;
  const common = {
    pathSpecifier: flavour === "envoy" ? envoyPath(path) : grpcPath(path),
    ...(percent < 100 && { runtimeFraction: { defaultValue: fractionOf(percent) } }),
  };
  if (flavour === "grpc") {
    const ways = queryParameters.length > 0 ? [] : grpcHeaderMatchers(headers);
    return ways.map((conditions) => create(RouteMatchSchema, { ...common, headers: [...conditions] }));
  }
  return [
    create(RouteMatchSchema, {
      ...common,
      headers: headers.map(headerMatcherOf),
      queryParameters: queryParameters.map(queryMatcherOf),
    }),
  ];
}

type PathSpecifier = NonNullable<MessageInitShape<typeof RouteMatchSchema>["pathSpecifier"]>;

function envoyPath(path: PathMatch): PathSpecifier {
  const pattern = pathPatternOf(path);
  switch (pattern.kind) {
    case "any":
      return { case: "prefix", value: "/" };
    case "exact":
      return { case: "path", value: pattern.path };
    case "begins-with":
      return { case: "prefix", value: pattern.text };
    case "prefix":
      return { case: "pathSeparatedPrefix", value: pattern.path };
    case "regex":
      return { case: "safeRegex", value: { regex: pattern.regex } };
    default:
      return never(pattern);
  }
}

/**
 * gRPC (gRFC A28) has no prefix of whole segments. grpc-js-xds 1.14 puts `^` and `$` around a regular expression as it is, and
 * then takes `a|b` for "begins with a, or ends with b": hence the brackets.
 */
function grpcPath(path: PathMatch): PathSpecifier {
  const pattern = pathPatternOf(path);
  if (pattern.kind === "prefix") return { case: "safeRegex", value: { regex: `${quoted(pattern.path)}(?:/.*)?` } };
  if (pattern.kind === "regex") return { case: "safeRegex", value: { regex: `(?:${pattern.regex})` } };
  return envoyPath(path);
}

function quoted(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, "\\$&");
}

function queryMatcherOf({ name, value }: QueryMatch): MessageInitShape<typeof QueryParameterMatcherSchema> {
  return {
    name,
    queryParameterMatchSpecifier:
      value.kind === "present"
        ? { case: "presentMatch", value: true }
        : { case: "stringMatch", value: stringMatcherOf(value) },
  };
}
