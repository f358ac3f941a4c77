import { create } from "@bufbuild/protobuf";
import { type Any, anyPack, durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  type StatefulSessionPerRoute,
  StatefulSessionPerRouteSchema,
} from "@weir/proto/envoy/extensions/filters/http/stateful_session/v3/stateful_session_pb.ts";
import { CookieBasedSessionStateSchema } from "@weir/proto/envoy/extensions/http/stateful_session/cookie/v3/cookie_pb.ts";
import { HeaderBasedSessionStateSchema } from "@weir/proto/envoy/extensions/http/stateful_session/header/v3/header_pb.ts";
import { never } from "../../lib/exhaustive.ts";
import type { SessionAffinity } from "../../model/route.ts";

/**
 * How a route finds a caller's endpoint again: Envoy puts the endpoint's address into the answer, and obeys it in the next
 * request as long as that endpoint is healthy. Nothing is kept in Envoy, so any edge will do.
 */
export function sessionAffinityOf(affinity: SessionAffinity): StatefulSessionPerRoute {
  return create(StatefulSessionPerRouteSchema, {
    override: { case: "statefulSession", value: { sessionState: stateOf(affinity) } },
  });
}

/** Envoy finds these by name: the one for headers says another type of itself than its message has. */
function stateOf(affinity: SessionAffinity): { readonly name: string; readonly typedConfig: Any } {
  switch (affinity.kind) {
    case "cookie": {
      const { name, path, ttlMs } = affinity;
      const cookie = { name, path, ...(ttlMs > 0 && { ttl: durationFromMs(ttlMs) }) };
      const state = create(CookieBasedSessionStateSchema, { cookie });
      return { name: "envoy.http.stateful_session.cookie", typedConfig: anyPack(CookieBasedSessionStateSchema, state) };
    }
    case "header": {
      const state = create(HeaderBasedSessionStateSchema, { name: affinity.name });
      return { name: "envoy.http.stateful_session.header", typedConfig: anyPack(HeaderBasedSessionStateSchema, state) };
    }
    default:
      return never(affinity);
  }
}
