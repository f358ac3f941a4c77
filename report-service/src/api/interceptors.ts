import { type Deadline, Metadata, status } from "@grpc/grpc-js";
import type { Span, Tracer } from "../ports/tracer.ts";
import { CallError, errorInfo, serviceErrorOf } from "./call-error.ts";
import type { CallHook } from "./call-hooks.ts";
import type { CallNote } from "./call-note.ts";

/** Says with every response who gave it: `x-weir-server` and `x-weir-locality`, in headers or, without any, trailers. */
export function identify(id: string, locality: string): CallHook {
  const sign = (metadata: Metadata) => {
    metadata.set("x-weir-server", id);
    metadata.set("x-weir-locality", locality);
  };
  return () => {
    let signed = false;
    return {
      onHeaders(metadata) {
        signed = true;
        sign(metadata);
      },
      onStatus(answer) {
        if (signed) return answer;
        const metadata = answer.metadata ?? new Metadata();
        sign(metadata);
        return { ...answer, metadata };
      },
    };
  };
}

/** Tells how each call ended and how long it took; with a tracer, each call is a span and the handler sees its context. */
export function observeCalls(observe: (note: CallNote) => void, tracer: Tracer | undefined): CallHook {
  return (path, call) => {
    const method = path.slice(1);
    const startedAt = performance.now();
    let span: Span | undefined;
    let ended = false;
    const end = (code: status) => {
      if (ended) return;
      ended = true;
      observe({ kind: "call-ended", method, code: status[code], tookMs: performance.now() - startedAt });
      span?.end({ "rpc.grpc.status_code": code }, code === status.OK ? undefined : status[code]);
    };
    return {
      onRequest(metadata, pass) {
        span = tracer && startSpan(tracer, method, metadata);
        if (span) metadata.set("traceparent", span.traceparent);
        pass();
      },
      onCancel: () => end(isLate(call.getDeadline()) ? status.DEADLINE_EXCEEDED : status.CANCELLED),
      onStatus(answer) {
        end(answer.code ?? status.OK);
        return answer;
      },
    };
  };
}

/** An answer for every call, or none: an operator's way to make this server fail on purpose. */
export type Fault = { readonly code: status; readonly percent: number };

/** Answers calls with the fault that is in force, if any, instead of handling them. Health and reflection stay as they are. */
export function refuseCalls(fault: () => Fault | undefined): CallHook {
  return (path) => {
    const present = path.startsWith("/grpc.") ? undefined : fault();
    if (!present || Math.random() * 100 >= present.percent) return undefined;
    return { onRequest: (_metadata, _pass, answer) => answer(refusal(present)) };
  };
}

function refusal({ code }: Fault) {
  const { message, metadata } = serviceErrorOf(
    new CallError(code, "an operator makes this server fail (its fault file)", [errorInfo("FAULT_INJECTED")]),
  );
  return { code, details: message, metadata };
}

function startSpan(tracer: Tracer, method: string, metadata: Metadata): Span {
  const [service = "", name = ""] = method.split("/");
  const [parent] = metadata.get("traceparent");
  return tracer.start({
    name: method,
    kind: "server",
    parent: typeof parent === "string" ? parent : undefined,
    attributes: { "rpc.system": "grpc", "rpc.service": service, "rpc.method": name },
  });
}

function isLate(deadline: Deadline): boolean {
  return Number(deadline) <= Date.now();
}
