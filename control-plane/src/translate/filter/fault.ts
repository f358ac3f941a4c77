import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { FaultDelaySchema } from "@weir/proto/envoy/extensions/filters/common/fault/v3/fault_pb.ts";
import {
  type FaultAbortSchema,
  type HTTPFault,
  HTTPFaultSchema,
} from "@weir/proto/envoy/extensions/filters/http/fault/v3/fault_pb.ts";
import { never } from "../../lib/exhaustive.ts";
import type { Fault, FaultAbort, FaultDelay } from "../../model/route.ts";
import { fractionOf } from "../route/fraction.ts";
import { headerMatcherOf } from "../route/header-matcher.ts";

/** The fault of a route, in a form that Envoy and gRPC clients (gRFC A33) read alike, but for the headers that it is for and the pace of answers. */
export function httpFaultOf({ onHeaders, delay, abort, responseRate }: Fault): HTTPFault {
  return create(HTTPFaultSchema, {
    ...(delay && { delay: delayOf(delay) }),
    ...(abort && { abort: abortOf(abort) }),
    ...(responseRate && {
      responseRateLimit: {
        percentage: fractionOf(responseRate.percent),
        limitType: { case: "fixedLimit", value: { limitKbps: BigInt(responseRate.kibPerSecond) } },
      },
    }),
    headers: onHeaders.map(headerMatcherOf),
  });
}

function delayOf({ percent, by }: FaultDelay): MessageInitShape<typeof FaultDelaySchema> {
  return {
    percentage: fractionOf(percent),
    faultDelaySecifier:
      by.kind === "fixed" ? { case: "fixedDelay", value: durationFromMs(by.ms) } : { case: "headerDelay", value: {} },
  };
}

function abortOf({ percent, with: answer }: FaultAbort): MessageInitShape<typeof FaultAbortSchema> {
  const percentage = fractionOf(percent);
  switch (answer.kind) {
    case "grpc":
      return { percentage, errorType: { case: "grpcStatus", value: answer.status } };
    case "http":
      return { percentage, errorType: { case: "httpStatus", value: answer.status } };
    case "from-header":
      return { percentage, errorType: { case: "headerAbort", value: {} } };
    default:
      return never(answer);
  }
}
