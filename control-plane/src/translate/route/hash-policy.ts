import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { RouteAction_HashPolicySchema } from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import { never } from "../../lib/exhaustive.ts";
import type { HashSource, LoadBalancer } from "../../model/policy.ts";
import type { Viewer } from "../../model/viewer.ts";

type HashPolicy = MessageInitShape<typeof RouteAction_HashPolicySchema>;

/** What a policy hashes requests by; nothing unless its load balancer goes by hashes. */
export function hashOnOf(balancer: LoadBalancer): readonly HashSource[] {
  return balancer.kind === "ring-hash" || balancer.kind === "maglev" ? balancer.hashOn : [];
}

/**
 * What a route's requests are hashed by: the first source that a request has decides, hence all but the last are terminal.
 * It matters to ring hash and Maglev only.
 */
export function hashPolicyOf(hashOn: readonly HashSource[], flavour: Viewer["flavour"]): readonly HashPolicy[] {
  const specifiers = hashOn.flatMap((source) => (flavour === "envoy" ? forEnvoy(source) : forGrpc(source)));
  return specifiers.map((policySpecifier, index) =>
    index < specifiers.length - 1 ? { policySpecifier, terminal: true } : { policySpecifier },
  );
}

type Specifier = NonNullable<HashPolicy["policySpecifier"]>;

function forEnvoy(source: HashSource): Specifier {
  switch (source.kind) {
    case "header":
      return { case: "header", value: { headerName: source.name } };
    case "cookie": {
      const { name, path, ttlMs } = source;
      // With a lifetime, even 0 (the browser's session), Envoy makes the cookie for who has none; without one it only reads it.
      return { case: "cookie", value: { name, path, ...(ttlMs !== undefined && { ttl: durationFromMs(ttlMs) }) } };
    }
    case "source-address":
      return { case: "connectionProperties", value: { sourceIp: true } };
    case "method":
      return { case: "header", value: { headerName: ":path" } };
    default:
      return never(source);
  }
}

/**
 * gRPC (gRFC A42) knows headers, of which `:path` is none, and the id of a channel: what comes nearest to where a caller is,
 * since a channel is one caller's. All else it passes over; with nothing left it picks at random.
 */
function forGrpc(source: HashSource): readonly Specifier[] {
  switch (source.kind) {
    case "header":
      return [forEnvoy(source)];
    case "source-address":
      return [{ case: "filterState", value: { key: "io.grpc.channel_id" } }];
    case "cookie":
    case "method":
      return [];
    default:
      return never(source);
  }
}
