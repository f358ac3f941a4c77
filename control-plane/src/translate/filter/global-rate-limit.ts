import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { ApiVersion } from "@weir/proto/envoy/config/core/v3/config_source_pb.ts";
import type { RateLimit_ActionSchema } from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import {
  type RateLimit,
  RateLimit_XRateLimitHeadersRFCVersion,
  type RateLimitPerRoute,
  RateLimitPerRouteSchema,
  RateLimitSchema,
} from "@weir/proto/envoy/extensions/filters/http/ratelimit/v3/rate_limit_pb.ts";
import { StatusCode } from "@weir/proto/envoy/type/v3/http_status_pb.ts";
import { never } from "../../lib/exhaustive.ts";
import type { GlobalRateLimit, RateLimitEntry } from "../../model/rate-limit.ts";

/** How a rate-limit service is asked: what Envoy wants to know of it in the listener, and routes share. */
export type Limiter = Pick<GlobalRateLimit, "service" | "failOpen" | "timeoutMs">;

/** Equal for limiters that are: routes find theirs by it. */
export function limiterFilterName({ service, failOpen, timeoutMs }: Limiter): string {
  return `envoy.filters.http.ratelimit/${service}/${failOpen ? "open" : "closed"}/${timeoutMs}ms`;
}

/** The filter of a limiter; it is asked over the cluster that has the service's name. */
export function limiterOf({ service, failOpen, timeoutMs }: Limiter): RateLimit {
  return create(RateLimitSchema, {
    // Routes say theirs; Envoy refuses a filter without.
    domain: "weir",
    timeout: durationFromMs(timeoutMs),
    failureModeDeny: !failOpen,
    // Or gRPC clients would be told UNKNOWN, which is what 500 stands for there.
    statusOnError: { code: StatusCode.ServiceUnavailable },
    rateLimitedAsResourceExhausted: true,
    enableXRatelimitHeaders: RateLimit_XRateLimitHeadersRFCVersion.DRAFT_VERSION_03,
    rateLimitService: {
      transportApiVersion: ApiVersion.V3,
      grpcService: {
        timeout: durationFromMs(timeoutMs),
        targetSpecifier: { case: "envoyGrpc", value: { clusterName: service } },
      },
    },
  });
}

/** What a route has asked of its limiter. */
export function globalRateLimitOf({ domain, descriptors }: GlobalRateLimit): RateLimitPerRoute {
  return create(RateLimitPerRouteSchema, {
    domain,
    rateLimits: descriptors.map((entries) => ({ actions: entries.map(actionOf) })),
  });
}

function actionOf(entry: RateLimitEntry): MessageInitShape<typeof RateLimit_ActionSchema> {
  switch (entry.kind) {
    case "header":
      return {
        actionSpecifier: { case: "requestHeaders", value: { headerName: entry.name, descriptorKey: entry.key } },
      };
    case "remote-address":
      return { actionSpecifier: { case: "remoteAddress", value: {} } };
    case "constant":
      return {
        actionSpecifier: { case: "genericKey", value: { descriptorKey: entry.key, descriptorValue: entry.value } },
      };
    default:
      return never(entry);
  }
}
