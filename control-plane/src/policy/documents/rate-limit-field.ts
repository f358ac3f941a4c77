import { z } from "zod";
import type { TrafficPolicy } from "../../model/policy.ts";
import type {
  GlobalRateLimit,
  LocalRateLimit,
  RateLimit,
  RateLimitEntry,
  TokenBucket,
} from "../../model/rate-limit.ts";
import { count, exactlyOneOf, listTogether, nameOf, nameText, together, withDefault } from "./document-fields.ts";
import { duration, durationMs } from "./duration.ts";
import { headerName } from "./header-match-field.ts";
import { canonicalJson, isJsonObject, type Json, type JsonObject } from "./plain-json.ts";

const headerText = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^[\x20-\x7e]*$/, "expected printable ASCII");

/** The largest number that Envoy's buckets hold: nobody sends as many requests in a second. */
const unlimited: TokenBucket = { requests: 4_294_967_295, perMs: 1_000, burst: 4_294_967_295 };

const tokens = {
  // Envoy: "local rate limit token bucket fill timer must be >= 50ms".
  per: withDefault(duration({ minMs: 50 }), "1s", "In every such time, spread evenly over it."),
  burst: count(1).optional().describe("Requests at once, after a pause. Default: as many as requests."),
};

const bucketHeaders = listTogether(
  z
    .array(
      z.strictObject({
        name: headerName.describe("Its name."),
        value: headerText.optional().describe("Its value. Default: any, and each value that comes has a bucket."),
      }),
    )
    .min(1)
    .max(8),
  (entries) =>
    entries.flatMap((entry, index) =>
      entries.slice(0, index).some((other) => nameIn(other) !== undefined && nameIn(other) === nameIn(entry))
        ? [{ path: [index, "name"], says: `"${nameIn(entry)}" is listed twice` }]
        : [],
    ),
);

const buckets = listTogether(
  z
    .array(
      z.strictObject({
        headers: bucketHeaders.describe("The requests that have all of these headers."),
        requests: count(1).describe("So many of them."),
        ...tokens,
      }),
    )
    .max(50),
  // Envoy: "duplicate descriptor in the local rate descriptor".
  (entries) => {
    const headers = entries.map((entry) => (isJsonObject(entry) ? canonicalJson(sorted(entry["headers"])) : undefined));
    return headers.flatMap((each, index) =>
      each !== undefined && headers.indexOf(each) < index
        ? [{ path: [index, "headers"], says: `are those of buckets[${headers.indexOf(each)}] already` }]
        : [],
    );
  },
);

const local = together(
  z.strictObject({
    requests: count(1)
      .optional()
      .describe("So many requests. May be left out where there are buckets: no limit for the rest."),
    ...tokens,
    buckets: buckets
      .optional()
      .describe("Limits of their own for requests with certain headers; the rest have this one."),
  }),
  ({ requests, burst, buckets }: JsonObject) => {
    if (requests === undefined && buckets === undefined)
      return [{ path: [], says: "expected requests, buckets or both" }];
    if (requests === undefined && burst !== undefined)
      return [{ path: ["burst"], says: "is for requests, which is not there" }];
    return [];
  },
);

/** `spec.inbound` of a TrafficPolicy. */
export const inbound = z.strictObject({
  rateLimit: local
    .optional()
    .describe("How many of them each instance takes; the rest are refused, RESOURCE_EXHAUSTED."),
});

/** What a policy's `inbound` says. */
export function inboundOf({ rateLimit }: z.output<typeof inbound>): TrafficPolicy["inbound"] {
  return { rateLimit: rateLimit && localOf(rateLimit) };
}

const descriptorKey = z
  .string()
  .min(1)
  .max(256)
  .meta({ examples: ["tenant"] });

const entry = exactlyOneOf(
  z.strictObject({
    header: z
      .strictObject({
        name: headerName.describe("Its name."),
        key: descriptorKey.optional().describe("What the service calls it. Default: the header's name."),
      })
      .optional()
      .describe("The value of a header; a question about a header that is not there is not asked."),
    remoteAddress: z.strictObject({}).optional().describe("The caller's address, as remote_address, {}."),
    constant: z
      .strictObject({
        key: withDefault(descriptorKey, "generic_key", "Its name."),
        value: z.string().min(1).max(1024).describe("Its value."),
      })
      .optional()
      .describe("The same for every request."),
  }),
  ["header", "remoteAddress", "constant"],
);

const global = z.strictObject({
  service: nameText.describe("The Service that speaks envoy.service.ratelimit.v3, over GRPC or HTTP2."),
  domain: z.string().min(1).max(256).describe("Whose limits these are, in that service's words."),
  descriptors: z
    .array(z.array(entry).min(1).max(16))
    .min(1)
    .max(16)
    .describe("What it is asked: each list is one question, of one or more of header, remoteAddress, constant."),
  failOpen: withDefault(
    z.boolean(),
    true,
    "Let requests through while it does not answer; otherwise they fail, UNAVAILABLE.",
  ),
  timeout: withDefault(duration({ minMs: 1, maxMs: 10_000 }), "100ms", "How long to wait for it."),
});

/** `rules[].rateLimit` of a Route. */
export const rateLimit = together(
  z.strictObject({
    local: local.optional().describe("Counted by each Envoy for itself, and for each of the rule's matches."),
    global: global.optional().describe("Counted by a service for all Envoys."),
  }),
  ({ local, global }: JsonObject) =>
    local === undefined && global === undefined ? [{ path: [], says: "expected local, global or both" }] : [],
);

/** What a rule's `rateLimit` says. */
export function rateLimitOf({ local, global }: z.output<typeof rateLimit>): RateLimit {
  return { local: local && localOf(local), global: global && globalOf(global) };
}

function localOf({ requests, per, burst, buckets = [] }: z.output<typeof local>): LocalRateLimit {
  return {
    bucket: requests === undefined ? unlimited : bucketOf({ requests, per, burst }),
    buckets: buckets.map(({ headers, ...bucket }) => ({
      headers: headers.map(({ name, value }) => ({ name, value })),
      bucket: bucketOf(bucket),
    })),
  };
}

type Tokens = { readonly requests: number; readonly per: string; readonly burst?: number | undefined };

function bucketOf({ requests, per, burst = requests }: Tokens): TokenBucket {
  return { requests, perMs: durationMs(per), burst };
}

function globalOf({ service, domain, descriptors, failOpen, timeout }: z.output<typeof global>): GlobalRateLimit {
  return {
    service: nameOf(service),
    domain,
    descriptors: descriptors.map((entries) => entries.map(entryOf)),
    failOpen,
    timeoutMs: durationMs(timeout),
  };
}

function entryOf({ header, constant }: z.output<typeof entry>): RateLimitEntry {
  if (header) return { kind: "header", name: header.name, key: header.key ?? header.name };
  return constant ? { kind: "constant", ...constant } : { kind: "remote-address" };
}

function nameIn(entry: unknown): Json | undefined {
  return isJsonObject(entry) ? entry["name"] : undefined;
}

function sorted(headers: Json | undefined): Json {
  if (!Array.isArray(headers)) return headers ?? null;
  return headers.map(canonicalJson).sort();
}
