import { z } from "zod";
import { defaultPolicy } from "../../model/default-policy.ts";
import type { RouteRule, RouteTimeouts, SessionAffinity } from "../../model/route.ts";
import { exactlyOneOf, listTogether, nameOf, nameText, withDefault } from "./document-fields.ts";
import { duration, durationMs } from "./duration.ts";
import { fault, faultOf } from "./fault-field.ts";
import { exactlyOneHashSource, hashSourceFields, hashSourcesOf } from "./hash-source-field.ts";
import { headerEdits, headerEditsOf } from "./header-edits-field.ts";
import { headerName } from "./header-match-field.ts";
import { isJsonObject } from "./plain-json.ts";
import { rateLimit, rateLimitOf } from "./rate-limit-field.ts";
import { retry, retryOf } from "./retry-field.ts";
import { routeMatch, routeMatchOf } from "./route-match-field.ts";

const backend = {
  service: nameText.describe("The service."),
  subset: z
    .string()
    .optional()
    .describe("One of its subsets. Default: all of it, shared out as its TrafficSplit says.")
    .meta({ examples: ["v2"] }),
};

const backendRefs = listTogether(
  z
    .array(
      z.strictObject({
        ...backend,
        weight: withDefault(z.int().min(0).max(1_000_000), 1, "Its share is this by the sum of all; 0 gets nothing."),
      }),
    )
    .min(1)
    .max(32),
  (entries) => [...allZero(entries), ...listedTwice(entries)],
);

const mirror = z.strictObject({
  service: backend.service,
  subset: backend.subset.describe("One of its subsets. Default: any endpoint."),
  percent: withDefault(z.number().min(0.0001).max(100), 100, "Percent of the requests that are copied."),
});

const atLeastZero = duration({ minMs: 0 });

const timeouts = z.strictObject({
  request: atLeastZero
    .optional()
    .describe("For a whole request, streams too; 0s is no limit. Default: as the policy says."),
  streamIdle: atLeastZero
    .optional()
    .describe("Until a request without a byte is ended; 0s never. Envoy only. Default: as the policy says."),
  maxStream: atLeastZero
    .optional()
    .describe("For a request to its last byte, an upload included; 0s is no limit. Default: as the policy says."),
});

const cookie = z.strictObject({
  name: z
    .string()
    .max(256)
    .regex(/^[0-9A-Za-z!#$%&'*+.^_|~-]+$/, "expected the name of a cookie")
    .describe("Its name."),
  path: withDefault(
    z
      .string()
      .max(1024)
      .regex(/^\/[\x21-\x3a\x3c-\x7e]*$/, "expected a path that begins with /, without spaces and semicolons"),
    "/",
    "The path that it is made for.",
  ),
  ttl: withDefault(atLeastZero, "0s", "How long it lives; 0s until the browser closes."),
});

const sessionAffinity = exactlyOneOf(
  z.strictObject({
    cookie: cookie.optional().describe("A cookie that Envoy makes, and the browser sends back."),
    header: headerName.optional().describe("A header that Envoy adds to the answer, and the caller sends back."),
  }),
  ["cookie", "header"],
);

/** One rule of a Route. */
export const routeRule = z.strictObject({
  name: nameText.optional().describe("For people, metrics and findings. Default: its number, from 0."),
  matches: z
    .array(routeMatch)
    .max(64)
    .default([])
    .describe("The requests it is for: one of these is enough. Default: all."),
  backendRefs: backendRefs.describe("Where they go; all of one protocol. The policy of the first holds for the rule."),
  mirror: mirror.optional().describe("Envoy only: sends a copy of requests elsewhere and throws its answers away."),
  hashOn: exactlyOneHashSource(z.strictObject(hashSourceFields))
    .optional()
    .describe(
      "For RingHash and Maglev: what decides, one of header, cookie, sourceAddress, method, firstOf. Default: as the policy says.",
    ),
  timeouts: timeouts.prefault({}).describe("In place of the policy's."),
  retry: retry
    .omit({ budget: true })
    .optional()
    .describe("In place of all that the policy says of retries, but for their budget. Default: as the policy says."),
  requestHeaders: headerEdits.optional().describe("Envoy only: changes the headers that the service gets."),
  responseHeaders: headerEdits.optional().describe("Envoy only: changes the headers that the caller gets."),
  sessionAffinity: sessionAffinity
    .optional()
    .describe("Envoy only: keeps a caller on the endpoint that served it first; one of cookie, header."),
  fault: fault.optional().describe("Trouble made on purpose: holds requests back, or answers in the service's place."),
  rateLimit: rateLimit
    .optional()
    .describe("Envoy only: how many requests are let through; the rest are refused, RESOURCE_EXHAUSTED."),
});

const defaultRetry = defaultPolicy.retry;
if (defaultRetry.kind !== "on") throw new Error("the default policy must have retries on");
const { intervalMs, ...budget } = defaultRetry.budget;
const policysBudget = { ...budget, interval: `${intervalMs}ms` };

export function routeRuleOf(fields: z.output<typeof routeRule>): RouteRule {
  const { mirror, hashOn } = fields;
  return {
    name: fields.name,
    matches: fields.matches.map(routeMatchOf),
    backends: fields.backendRefs.map(({ service, subset, weight }) => ({ service: nameOf(service), subset, weight })),
    mirrors: mirror ? [{ service: nameOf(mirror.service), subset: mirror.subset, percent: mirror.percent }] : [],
    hashOn: hashOn && hashSourcesOf(hashOn),
    timeouts: timeoutsOf(fields.timeouts),
    retry: fields.retry && retryOf({ ...fields.retry, budget: policysBudget }),
    requestHeaders: headerEditsOf(fields.requestHeaders),
    responseHeaders: headerEditsOf(fields.responseHeaders),
    sessionAffinity: sessionAffinityOf(fields.sessionAffinity),
    fault: fields.fault && faultOf(fields.fault),
    rateLimit: fields.rateLimit && rateLimitOf(fields.rateLimit),
  };
}

function timeoutsOf({ request, streamIdle, maxStream }: z.output<typeof timeouts>): RouteTimeouts {
  const ms = (text: string | undefined) => (text === undefined ? undefined : durationMs(text));
  return { requestMs: ms(request), streamIdleMs: ms(streamIdle), maxStreamMs: ms(maxStream) };
}

function sessionAffinityOf(fields: z.output<typeof sessionAffinity> | undefined): SessionAffinity | undefined {
  if (fields?.cookie) {
    const { name, path, ttl } = fields.cookie;
    return { kind: "cookie", name, path, ttlMs: durationMs(ttl) };
  }
  return fields?.header === undefined ? undefined : { kind: "header", name: fields.header };
}

function allZero(entries: readonly unknown[]) {
  const weights = entries.map((entry) => (isJsonObject(entry) ? entry["weight"] : undefined));
  if (weights.length === 0 || weights.some((weight) => weight !== 0)) return [];
  return [{ path: [], says: "all weights are 0: there is nowhere to go" }];
}

function listedTwice(entries: readonly unknown[]) {
  const names = entries.map((entry) =>
    isJsonObject(entry)
      ? `"${entry["service"]}"${entry["subset"] === undefined ? "" : `, subset "${entry["subset"]}",`}`
      : "",
  );
  return names.flatMap((name, index) =>
    name !== "" && names.indexOf(name) < index
      ? [{ path: [index], says: `${name} is listed twice: add the weights up` }]
      : [],
  );
}
