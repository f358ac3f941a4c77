import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type HeaderMatcher, HeaderMatcherSchema } from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import type { StringMatcherSchema } from "@weir/proto/envoy/type/matcher/v3/string_pb.ts";
import { never } from "../../lib/exhaustive.ts";
import type { HeaderMatch, TextMatch } from "../../model/route.ts";

/** A condition on a header, as Envoy has it. */
export function headerMatcherOf({ name, value, invert }: HeaderMatch): HeaderMatcher {
  if (value.kind === "present")
    return create(HeaderMatcherSchema, {
      name,
      headerMatchSpecifier: { case: "presentMatch", value: true },
      invertMatch: invert,
    });
  return create(HeaderMatcherSchema, {
    name,
    headerMatchSpecifier: { case: "stringMatch", value: stringMatcherOf(value) },
    invertMatch: invert,
    // Without this Envoy takes a header that is not there for one that does not match, inverted or not.
    treatMissingHeaderAsEmpty: invert,
  });
}

export function stringMatcherOf(match: TextMatch): MessageInitShape<typeof StringMatcherSchema> {
  switch (match.kind) {
    case "exact":
    case "prefix":
      return { matchPattern: { case: match.kind, value: match.text } };
    case "regex":
      return { matchPattern: { case: "safeRegex", value: { regex: match.regex } } };
    default:
      return never(match);
  }
}
