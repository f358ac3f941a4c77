import { z } from "zod";
import { defaultPolicy } from "../../model/default-policy.ts";
import type { RouteRule, RouteTimeouts } from "../../model/route.ts";
import { backendRefs, backendsOf, mirror, mirrorsOf } from "./backend-refs-field.ts";
import { nameText } from "./document-fields.ts";
import { duration, durationMs } from "./duration.ts";
import { fault, faultOf } from "./fault-field.ts";
import { exactlyOneHashSource, hashSourceFields, hashSourcesOf } from "./hash-source-field.ts";
import { headerEdits, headerEditsOf } from "./header-edits-field.ts";
import { rateLimit, rateLimitOf } from "./rate-limit-field.ts";
import { retry, retryOf } from "./retry-field.ts";
import { routeMatch, routeMatchOf } from "./route-match-field.ts";
import { sessionAffinity, sessionAffinityOf } from "./session-affinity-field.ts";

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
  const { hashOn } = fields;
  return {
    name: fields.name,
    matches: fields.matches.map(routeMatchOf),
    backends: backendsOf(fields.backendRefs),
    mirrors: mirrorsOf(fields.mirror),
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
