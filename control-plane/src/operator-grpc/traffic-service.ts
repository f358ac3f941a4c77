import { create, toJson } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { type Operation, OperationSchema } from "@weir/proto/google/longrunning/operations_pb.ts";
import type { Handlers } from "@weir/proto/grpc/service.ts";
import {
  DrainLocalityResponseSchema,
  GetTrafficResponseSchema,
  IsolateLocalityResponseSchema,
  ShiftGuardSchema,
  ShiftSchema,
  type ShiftStep,
  type ShiftTrafficRequest,
  type Traffic,
  UndrainLocalityResponseSchema,
} from "@weir/proto/weir/operator/v1/traffic_pb.ts";
import { type Answering, messageOf } from "./answering.ts";
import type { Routes } from "./ask-routes.ts";
import type { Caller } from "./caller.ts";
import { watchTraffic } from "./watch-traffic.ts";

type Verb = {
  readonly name: string;
  readonly reason: string;
  readonly etag: string;
  readonly validateOnly: boolean;
  readonly requestId: string;
};

type Place = {
  readonly locality: string;
  readonly services: readonly string[];
  readonly reason: string;
  readonly etag: string;
  readonly validateOnly: boolean;
  readonly requestId: string;
};

/** weir.operator.v1.Traffic over the routes of traffic, shifts and drains. */
export function trafficService(
  { ask, follow }: Pick<Routes, "ask" | "follow">,
  { unary, streaming }: Answering,
): Handlers<typeof Traffic> {
  async function steer(word: string, request: Verb, caller: Caller, full = false) {
    const { reason, etag, validateOnly, requestId } = request;
    const path = `/v1/operations/${encodeURIComponent(shiftName(request.name))}:${word}`;
    const query = { reason, validateOnly: validateOnly || undefined, full: full || undefined };
    return messageOf(ShiftSchema, await ask({ method: "POST", path, query, etag, requestId }, caller));
  }

  function atPlace(word: string, { locality, services, reason, ...rest }: Place, more: object, caller: Caller) {
    const { etag, requestId, validateOnly } = rest;
    return ask(
      {
        ...{ method: "POST", path: `/v1/localities/${encodeURIComponent(locality)}:${word}`, etag, requestId },
        query: { validateOnly: validateOnly || undefined },
        body: { ...(services.length > 0 && { services }), ...(reason !== "" && { reason }), ...more },
      },
      caller,
    );
  }

  return {
    getTraffic: unary(async ({ service }, caller) =>
      messageOf(
        GetTrafficResponseSchema,
        await ask({ method: "GET", path: "/v1/traffic", query: { service } }, caller),
      ),
    ),
    watchTraffic: streaming(({ service }, caller, signal) => watchTraffic(follow, { caller, service }, signal)),

    shiftTraffic: unary(async (request, caller) => {
      const { split, etag, reason, validateOnly, requestId } = request;
      const path = `/v1/trafficSplits/${encodeURIComponent(split)}:shift`;
      const query = { reason, validateOnly: validateOnly || undefined };
      const body = shiftBody(request);
      return operationOf(await ask({ method: "POST", path, query, body, etag, requestId }, caller));
    }),
    pauseShift: unary((request, caller) => steer("pause", request, caller)),
    resumeShift: unary((request, caller) => steer("resume", request, caller)),
    promoteShift: unary((request, caller) => steer("promote", request, caller, request.full)),
    abortShift: unary((request, caller) => steer("abort", request, caller)),

    drainLocality: unary(async (request, caller) => {
      const { duration, force } = request;
      const more = { duration, ...(force && { force }) };
      return messageOf(DrainLocalityResponseSchema, await atPlace("drain", request, more, caller));
    }),
    isolateLocality: unary(async (request, caller) => {
      const { duration, force } = request;
      const more = { duration, ...(force && { force }) };
      return messageOf(IsolateLocalityResponseSchema, await atPlace("isolate", request, more, caller));
    }),
    undrainLocality: unary(async (request, caller) =>
      messageOf(UndrainLocalityResponseSchema, await atPlace("undrain", request, {}, caller)),
    ),
  };
}

/** A shift as the operation that it is. */
export function operationOf(answer: unknown): Operation {
  const shift = messageOf(ShiftSchema, answer);
  const packed = anyPack(ShiftSchema, shift);
  const init = { name: `operations/${shift.name}`, metadata: packed, done: shift.ended !== undefined };
  if (!shift.ended) return create(OperationSchema, init);
  if (shift.state === "succeeded")
    return create(OperationSchema, { ...init, result: { case: "response", value: packed } });
  const code = shift.state === "aborted" ? status.CANCELLED : status.ABORTED;
  const message = `${shift.name} was ${shift.state === "aborted" ? "aborted" : "rolled back"}: ${shift.ended.reason}`;
  return create(OperationSchema, { ...init, result: { case: "error", value: { code, message, details: [packed] } } });
}

/** `shift-7f3a` of `operations/shift-7f3a`. */
export function shiftName(name: string): string {
  return name.replace(/^operations\//, "");
}

function shiftBody({ from, target, steps, guard, onFailure }: ShiftTrafficRequest): unknown {
  return {
    ...(from !== "" && { from }),
    target,
    steps: steps.map(stepJson),
    ...(guard && { guard: toJson(ShiftGuardSchema, guard) }),
    ...(onFailure !== "" && { onFailure }),
  };
}

function stepJson({ step }: ShiftStep): unknown {
  switch (step.case) {
    case "setWeight":
      return { setWeight: step.value };
    case "pause":
      return { pause: step.value };
    default:
      return {};
  }
}
