import { type ServerInterceptingCall, type ServerInterceptor, status } from "@grpc/grpc-js";
import { CallError, errorInfo, retryInfo, serviceErrorOf } from "./call-error.ts";

/** What the requests of all calls that are open may take together. */
const mostBytes = 128 * 1024 * 1024;
/** Requests as small as nearly all are have as much again, so that a few that are large do not keep them out. */
const smallBytes = 64 * 1024;
const retryAfterMs = 1_000;

/** What is replaced of grpc-js's own call. */
type Base = { handleDataFrame?: (data: Buffer) => void; notifyOnCancel?: () => void };

/**
 * Bounds what requests hold that have not all arrived, or whose call has not ended: each may have a message's limit, and
 * a connection as many as it likes. The methods replaced here are private (grpc-js is pinned exactly); where they are
 * gone there is no such bound. Must be given grpc-js's own call.
 */
export function boundRequestBytes(most: number = mostBytes): ServerInterceptor {
  let held = 0;
  return (_method, call) => {
    const base = call as unknown as Base;
    const { handleDataFrame, notifyOnCancel } = base;
    if (typeof handleDataFrame !== "function" || typeof notifyOnCancel !== "function")
      return call as ServerInterceptingCall;
    let own = 0;
    let ended = false;
    const take = (data: Buffer) => {
      // What still comes for a call that has ended is thrown away.
      if (ended) return handleDataFrame.call(base, data);
      own += data.length;
      held += data.length;
      if (held <= (own <= smallBytes ? 2 * most : most)) handleDataFrame.call(base, data);
      else call.sendStatus(tooMuch());
    };
    // Called at the end of every call, whatever it was, and more than once.
    const end = () => {
      if (!ended) held -= own;
      ended = true;
      notifyOnCancel.call(base);
    };
    // Written where they are assigned, they would keep their call for long: docs/decisions/0030-calls-die-young.md.
    base.handleDataFrame = take;
    base.notifyOnCancel = end;
    return call as ServerInterceptingCall;
  };
}

function tooMuch() {
  const message = `requests that are on their way take as much as they may; try again in ${retryAfterMs} ms`;
  const { code, details, metadata } = serviceErrorOf(
    new CallError(status.RESOURCE_EXHAUSTED, message, [retryInfo(retryAfterMs), errorInfo("REQUESTS_TOO_LARGE")]),
  );
  return { code, details, metadata };
}
