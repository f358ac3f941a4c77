import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { anyPack, durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  type HeaderMatcherSchema,
  type RetryPolicy,
  type RetryPolicy_RateLimitedRetryBackOffSchema,
  RetryPolicy_ResetHeaderFormat,
  RetryPolicySchema,
} from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import { PreviousHostsPredicateSchema } from "@weir/proto/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.ts";
import { PreviousPrioritiesConfigSchema } from "@weir/proto/envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config_pb.ts";
import type { RateLimitedBackOff, Retry, RetryCode } from "../../model/policy.ts";
import type { Protocol } from "../../model/service.ts";
import type { Viewer } from "../../model/viewer.ts";

type On = Extract<Retry, { readonly kind: "on" }>;

/**
 * What is tried again, how often and after how long; nothing when retries are off, for gRPC refuses a count of 0, and nothing
 * for gRPC (gRFC A44) where only HTTP conditions are asked for.
 */
export function retryPolicyOf(retry: Retry, protocol: Protocol, flavour: Viewer["flavour"]): RetryPolicy | undefined {
  if (retry.kind === "off" || retry.attempts < 1) return undefined;
  const { attempts, retryOn, backOff } = retry;
  const common = {
    numRetries: attempts,
    retryBackOff: {
      baseInterval: durationFromMs(backOff.baseMs),
      maxInterval: durationFromMs(Math.max(backOff.baseMs, backOff.maxMs)),
    },
  };
  if (flavour === "envoy") return create(RetryPolicySchema, { ...common, ...forEnvoy(retry, protocol) });
  if (retryOn.length === 0) return undefined;
  return create(RetryPolicySchema, { ...common, retryOn: retryOn.map(inLowerCase).join(",") });
}

function forEnvoy(retry: On, protocol: Protocol) {
  const { retryOn, conditions, headers, perTryTimeoutMs, perTryIdleTimeoutMs, rateLimitedBackOff } = retry;
  const speaksGrpc = protocol === "grpc";
  const nearest = speaksGrpc ? [] : retryOn.flatMap((code) => httpStatus[code] ?? []);
  const statusCodes = [...new Set([...nearest, ...retry.statusCodes])];
  const all = [
    ...(speaksGrpc ? retryOn.map(inLowerCase) : []),
    ...(statusCodes.length > 0 ? ["retriable-status-codes"] : []),
    ...(headers.length > 0 ? ["retriable-headers"] : []),
    ...conditions,
    ...connectionTroubles(retry, speaksGrpc),
  ];
  return {
    retryOn: [...new Set(all)].join(","),
    retriableStatusCodes: statusCodes,
    retriableHeaders: headers.map(presentHeader),
    ...(perTryTimeoutMs !== undefined && { perTryTimeout: durationFromMs(perTryTimeoutMs) }),
    ...(perTryIdleTimeoutMs !== undefined && { perTryIdleTimeout: durationFromMs(perTryIdleTimeoutMs) }),
    ...(rateLimitedBackOff && { rateLimitedRetryBackOff: rateLimitedBackOffOf(rateLimitedBackOff) }),
    ...elsewhere(retry),
  };
}

function presentHeader(name: string): MessageInitShape<typeof HeaderMatcherSchema> {
  return { name, headerMatchSpecifier: { case: "presentMatch", value: true } };
}

function rateLimitedBackOffOf({
  headers,
  maxMs,
}: RateLimitedBackOff): MessageInitShape<typeof RetryPolicy_RateLimitedRetryBackOffSchema> {
  return {
    resetHeaders: headers.map(({ name, format }) => ({
      name,
      format:
        format === "seconds" ? RetryPolicy_ResetHeaderFormat.SECONDS : RetryPolicy_ResetHeaderFormat.UNIX_TIMESTAMP,
    })),
    maxInterval: durationFromMs(maxMs),
  };
}

/** Another endpoint or priority than those that failed already; after so many picks any endpoint will do. */
function elsewhere({ otherHost, otherPriority }: On) {
  return {
    ...(otherHost && {
      retryHostPredicate: [
        {
          name: "envoy.retry_host_predicates.previous_hosts",
          configType: {
            case: "typedConfig" as const,
            value: anyPack(PreviousHostsPredicateSchema, create(PreviousHostsPredicateSchema)),
          },
        },
      ],
      hostSelectionRetryMaxAttempts: BigInt(otherHost.selectionAttempts),
    }),
    ...(otherPriority && {
      retryPriority: {
        name: "envoy.retry_priorities.previous_priorities",
        configType: {
          case: "typedConfig" as const,
          value: anyPack(
            PreviousPrioritiesConfigSchema,
            create(PreviousPrioritiesConfigSchema, { updateFrequency: otherPriority.updateFrequency }),
          ),
        },
      },
    }),
  };
}

/**
 * What never reached an answer. For a gRPC client a connection lost before any response is UNAVAILABLE, so Envoy tries that
 * again too (`reset`). Other HTTP requests may have had their effect by then, so only what certainly was not seen by the
 * server is sent again, unless a time for one try is set: Envoy takes its end for a reset, and without that retries nothing.
 */
function connectionTroubles(
  { retryOn, perTryTimeoutMs, perTryIdleTimeoutMs }: On,
  speaksGrpc: boolean,
): readonly string[] {
  const unseen = ["connect-failure", "refused-stream", "reset-before-request"];
  const unanswered =
    (speaksGrpc && retryOn.includes("UNAVAILABLE")) || (perTryTimeoutMs ?? perTryIdleTimeoutMs) !== undefined;
  return unanswered ? [...unseen, "reset"] : unseen;
}

function inLowerCase(code: RetryCode): string {
  return code.toLowerCase().replaceAll("_", "-");
}

/** The HTTP status nearest to a code, for services that do not speak gRPC. */
const httpStatus: Readonly<Partial<Record<RetryCode, number>>> = {
  UNAVAILABLE: 503,
  RESOURCE_EXHAUSTED: 429,
  DEADLINE_EXCEEDED: 504,
  INTERNAL: 500,
};
