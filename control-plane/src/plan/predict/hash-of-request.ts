import { never } from "../../lib/exhaustive.ts";
import type { HashSource } from "../../model/policy.ts";
import type { Viewer } from "../../model/viewer.ts";
import type { Request } from "./request.ts";
import { xxHash64 } from "./xx-hash.ts";

/**
 * The hash of a request by the first source that it has; undefined where that is not known of it. With one source a
 * request's hash is the hash of the text (Envoy's source/common/http/hash_policy.cc; gRFC A42).
 */
export function hashOfRequest(
  sources: readonly HashSource[],
  request: Request,
  flavour: Viewer["flavour"],
): bigint | undefined {
  for (const source of sources) {
    const text = textOf(source, request, flavour);
    if (text === "unknown") return undefined;
    if (text !== undefined) return xxHash64(text.value);
  }
  return undefined;
}

/** Undefined where a request has nothing of the kind, or a client does not look for it. */
function textOf(
  source: HashSource,
  { path, query, headers }: Request,
  flavour: Viewer["flavour"],
): { readonly value: string } | "unknown" | undefined {
  switch (source.kind) {
    case "header": {
      const value = headers.get(source.name.toLowerCase());
      return value === undefined ? undefined : { value };
    }
    case "cookie": {
      if (flavour === "grpc") return undefined;
      const value = cookieIn(headers.get("cookie") ?? "", source.name);
      // With a lifetime Envoy makes one, by the caller's address and port.
      if (value === undefined) return source.ttlMs === undefined ? undefined : "unknown";
      return { value };
    }
    case "source-address":
      return "unknown";
    case "method":
      return flavour === "envoy" ? { value: query === "" ? path : `${path}?${query}` } : undefined;
    default:
      return never(source);
  }
}

function cookieIn(header: string, name: string): string | undefined {
  const pairs = header.split(";").map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}
