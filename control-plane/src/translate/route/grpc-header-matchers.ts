import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type HeaderMatcher, HeaderMatcherSchema } from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import { never } from "../../lib/exhaustive.ts";
import type { HeaderMatch, TextMatch } from "../../model/route.ts";

/**
 * Conditions on headers for gRPC clients (gRFC A28), as alternatives: each list is one way to fulfil them. That a header which
 * is not there fulfils an inverted condition is said apart: grpc-js-xds takes it so, and grpc-go, Java and the C core do not
 * (matcher_header.go, Matchers.java, matchers.cc).
 */
export function grpcHeaderMatchers(headers: readonly HeaderMatch[]): readonly (readonly HeaderMatcher[])[] {
  return headers.reduce<readonly (readonly HeaderMatcher[])[]>(
    (ways, header) => waysOf(header).flatMap((more) => ways.map((way) => [...way, ...more])),
    [[]],
  );
}

function waysOf({ name, value, invert }: HeaderMatch): readonly (readonly HeaderMatcher[])[] {
  if (value.kind === "present") return [[present(name, invert)]];
  const matcher = create(HeaderMatcherSchema, { name, headerMatchSpecifier: specifierOf(value), invertMatch: invert });
  return invert ? [[present(name, false), matcher], [present(name, true)]] : [[matcher]];
}

/** Absence is presence inverted: grpc-js-xds 1.14 does not look at what `present_match` says. */
function present(name: string, invert: boolean): HeaderMatcher {
  return create(HeaderMatcherSchema, {
    name,
    headerMatchSpecifier: { case: "presentMatch", value: true },
    invertMatch: invert,
  });
}

/** By the old fields, which every version knows: `string_match` is younger (gRFC A63). */
function specifierOf(
  match: TextMatch,
): NonNullable<MessageInitShape<typeof HeaderMatcherSchema>["headerMatchSpecifier"]> {
  switch (match.kind) {
    case "exact":
      return { case: "exactMatch", value: match.text };
    case "prefix":
      return { case: "prefixMatch", value: match.text };
    case "regex":
      // Bracketed: grpc-js-xds 1.14 puts ^ and $ around it as it is.
      return { case: "safeRegexMatch", value: { regex: `(?:${match.regex})` } };
    default:
      return never(match);
  }
}
