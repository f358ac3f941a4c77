import { z } from "zod";
import { grpcErrors } from "../../model/grpc-status.ts";
import type { Fault, FaultAbort, FaultDelay } from "../../model/route.ts";
import { count, exactlyOneOf, listTogether, withDefault } from "./document-fields.ts";
import { duration, durationMs } from "./duration.ts";
import { headerMatch, headerMatchOf } from "./header-match-field.ts";
import { isJsonObject, type JsonObject } from "./plain-json.ts";

const share = withDefault(z.number().min(0.0001).max(100), 100, "Percent of the requests.");

const delay = exactlyOneOf(
  z.strictObject({
    fixed: duration({ minMs: 1, maxMs: 3_600_000 }).optional().describe("For so long."),
    fromHeader: z
      .strictObject({})
      .optional()
      .describe(
        "For as many milliseconds as the header x-envoy-fault-delay-request says, {}; requests without are not.",
      ),
    percent: share,
  }),
  ["fixed", "fromHeader"],
);

const abort = exactlyOneOf(
  z.strictObject({
    grpcStatus: z.enum(grpcErrors).optional().describe("A gRPC status."),
    httpStatus: z.int().min(200).max(599).optional().describe("An HTTP status; gRPC callers see what stands for it."),
    fromHeader: z
      .strictObject({})
      .optional()
      .describe(
        "The status of the header x-envoy-fault-abort-grpc-request or x-envoy-fault-abort-request, {}; requests without are let through.",
      ),
    percent: share,
  }),
  ["grpcStatus", "httpStatus", "fromHeader"],
);

/** `rules[].fault` of a Route. */
export const fault = z
  .strictObject({
    delay: delay.optional().describe("Holds requests back; exactly one of fixed, fromHeader."),
    abort: abort
      .optional()
      .describe("Answers instead of the service; exactly one of grpcStatus, httpStatus, fromHeader."),
    responseRate: z
      .strictObject({ kibPerSecond: count(1).describe("KiB in a second."), percent: share })
      .optional()
      .describe("Envoy only: answers come no faster."),
    onHeaders: listTogether(z.array(headerMatch).max(16), manyInverted)
      .optional()
      .describe("Only requests that have all of these headers."),
  })
  .superRefine(
    (value, context) => {
      const isThere = ["delay", "abort", "responseRate"].some((field) => (value as JsonObject)[field] !== undefined);
      if (!isThere) context.addIssue({ code: "custom", message: "expected some of delay, abort, responseRate" });
    },
    { when: ({ value, issues }) => isJsonObject(value) && issues.length === 0 },
  );

/** Each is two conditions to a gRPC client: that the header is another, or is not there. */
function manyInverted(headers: readonly unknown[]) {
  const inverted = headers.filter((header) => isJsonObject(header) && header["invert"] === true);
  return inverted.length <= 2
    ? []
    : [{ path: [], says: `expected at most 2 inverted headers, not ${inverted.length}` }];
}

/** What a rule's `fault` says. */
export function faultOf({ delay, abort, responseRate, onHeaders = [] }: z.output<typeof fault>): Fault {
  return {
    onHeaders: onHeaders.map(headerMatchOf),
    delay: delay && delayOf(delay),
    abort: abort && abortOf(abort),
    responseRate,
  };
}

function delayOf({ fixed, percent }: z.output<typeof delay>): FaultDelay {
  return { percent, by: fixed === undefined ? { kind: "from-header" } : { kind: "fixed", ms: durationMs(fixed) } };
}

function abortOf({ grpcStatus, httpStatus, percent }: z.output<typeof abort>): FaultAbort {
  // gRPC's codes in the order of their numbers, of which 0 is OK.
  if (grpcStatus !== undefined) return { percent, with: { kind: "grpc", status: grpcErrors.indexOf(grpcStatus) + 1 } };
  return { percent, with: httpStatus === undefined ? { kind: "from-header" } : { kind: "http", status: httpStatus } };
}
