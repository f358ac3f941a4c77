import { create } from "@bufbuild/protobuf";
import { anyPack, durationFromMs } from "@bufbuild/protobuf/wkt";
import { type RetryPolicy, RetryPolicySchema } from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import { PreviousHostsPredicateSchema } from "@weir/proto/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.ts";
import type { Retry, RetryCode } from "../model/policy.ts";
import type { Protocol } from "../model/service.ts";
import type { Viewer } from "../model/viewer.ts";

/** What is tried again, how often and after how long; nothing when retries are off, for gRPC refuses a count of 0. */
export function retryPolicyOf(retry: Retry, protocol: Protocol, flavour: Viewer["flavour"]): RetryPolicy | undefined {
  if (retry.kind === "off" || retry.attempts < 1) return undefined;
  const { attempts, retryOn, perTryTimeoutMs, backOff } = retry;
  const common = {
    numRetries: attempts,
    retryBackOff: {
      baseInterval: durationFromMs(backOff.baseMs),
      maxInterval: durationFromMs(Math.max(backOff.baseMs, backOff.maxMs)),
    },
  };
  if (flavour === "grpc") return create(RetryPolicySchema, { ...common, retryOn: retryOn.map(inLowerCase).join(",") });

  const speaksGrpc = protocol === "grpc";
  const statusCodes = speaksGrpc ? [] : retryOn.flatMap((code) => httpStatus[code] ?? []);
  return create(RetryPolicySchema, {
    ...common,
    retryOn: [
      ...(speaksGrpc ? retryOn.map(inLowerCase) : []),
      ...(statusCodes.length > 0 ? ["retriable-status-codes"] : []),
      ...connectionTroubles(retry, speaksGrpc),
    ].join(","),
    retriableStatusCodes: statusCodes,
    ...(perTryTimeoutMs !== undefined && { perTryTimeout: durationFromMs(perTryTimeoutMs) }),
    // Another endpoint than those that failed already; after so many picks any will do.
    retryHostPredicate: [
      {
        name: "envoy.retry_host_predicates.previous_hosts",
        configType: {
          case: "typedConfig",
          value: anyPack(PreviousHostsPredicateSchema, create(PreviousHostsPredicateSchema)),
        },
      },
    ],
    hostSelectionRetryMaxAttempts: 5n,
  });
}

/**
 * What never reached an answer. For a gRPC client a connection lost before any response is UNAVAILABLE, so Envoy tries that
 * again too (`reset`). Other HTTP requests may have had their effect by then, so only what certainly was not seen by the
 * server is sent again, unless a time for one try is set: Envoy takes its end for a reset, and without that retries nothing.
 */
function connectionTroubles(
  { retryOn, perTryTimeoutMs }: Extract<Retry, { readonly kind: "on" }>,
  speaksGrpc: boolean,
): readonly string[] {
  const unseen = ["connect-failure", "refused-stream", "reset-before-request"];
  const unanswered = (speaksGrpc && retryOn.includes("UNAVAILABLE")) || perTryTimeoutMs !== undefined;
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
