import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { RuntimeFractionalPercentSchema } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import type { RateLimitSchema } from "@weir/proto/envoy/config/route/v3/route_components_pb.ts";
import {
  type LocalRateLimitDescriptorSchema,
  XRateLimitHeadersRFCVersion,
} from "@weir/proto/envoy/extensions/common/ratelimit/v3/ratelimit_pb.ts";
import {
  LocalRateLimitSchema,
  type LocalRateLimit as Message,
} from "@weir/proto/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb.ts";
import type { TokenBucketSchema } from "@weir/proto/envoy/type/v3/token_bucket_pb.ts";
import type { LocalRateLimit, TokenBucket } from "../../model/rate-limit.ts";

/** Of a header without a value, the most recent of so many values have a bucket of their own in each Envoy. */
const mostDynamicBuckets = 10_000;

/**
 * The limit of a route, counted in each Envoy by itself. Who is refused is told so as a gRPC client understands it
 * (RESOURCE_EXHAUSTED; 429 for others), and everybody what is left (`x-ratelimit-limit`, `-remaining`, `-reset`).
 */
export function localRateLimitOf({ bucket, buckets }: LocalRateLimit, statPrefix: string): Message {
  return create(LocalRateLimitSchema, {
    statPrefix,
    tokenBucket: tokensOf(bucket),
    filterEnabled: always,
    filterEnforced: always,
    enableXRatelimitHeaders: XRateLimitHeadersRFCVersion.DRAFT_VERSION_03,
    rateLimitedAsResourceExhausted: true,
    ...(buckets.length > 0 && {
      // What one of the buckets is for takes nothing from the one for all the rest.
      alwaysConsumeDefaultTokenBucket: false,
      descriptors: buckets.map(descriptorOf),
      rateLimits: questionsOf(buckets),
      ...(buckets.some(({ headers }) => headers.some(({ value }) => value === undefined)) && {
        maxDynamicDescriptors: mostDynamicBuckets,
      }),
    }),
  });
}

type Bucket = LocalRateLimit["buckets"][number];

function descriptorOf({ headers, bucket }: Bucket): MessageInitShape<typeof LocalRateLimitDescriptorSchema> {
  return {
    // Without a value it is a bucket for each value.
    entries: headers.map(({ name, value = "" }) => ({ key: name, value })),
    tokenBucket: tokensOf(bucket),
  };
}

/** Which headers are read: each set of names once. A request without one of them is none that the bucket is for. */
function questionsOf(buckets: readonly Bucket[]): MessageInitShape<typeof RateLimitSchema>[] {
  const sets = new Map(buckets.map(({ headers }) => [headers.map(({ name }) => name).join("\n"), headers]));
  return [...sets.values()].map((headers) => ({
    actions: headers.map(({ name }) => ({
      actionSpecifier: { case: "requestHeaders", value: { headerName: name, descriptorKey: name } },
    })),
  }));
}

function tokensOf({ requests, perMs, burst }: TokenBucket): MessageInitShape<typeof TokenBucketSchema> {
  return { maxTokens: burst, tokensPerFill: requests, fillInterval: durationFromMs(perMs) };
}

/** Envoy's own default for both is 0 %: the filter would look at nothing. */
const always: MessageInitShape<typeof RuntimeFractionalPercentSchema> = { defaultValue: { numerator: 100 } };
