import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { problemText } from "../../lib/parsed.ts";
import { callerOf } from "../caller.ts";
import type { Stream } from "../conversation/stream.ts";
import type { Identity } from "../identity.ts";
import { type DeltaRequest, mostNodeBytes, type SotwRequest } from "../wire/request.ts";
import { type Call, createSession, type Session } from "./client-session.ts";
import type { SessionParts } from "./session-parts.ts";

const longestTimerMs = 2 ** 31 - 1;

// Whoever reads takes the end of a stream in far less; who does not would keep what was written to it.
const partingMs = 5_000;

/** Lets a client in, or says why not, and carries its stream between socket and conversation until it ends. */
export function startSession<V, Request extends SotwRequest | DeltaRequest>(
  call: Call<Request>,
  open: (identity: Identity<V>) => Stream<Request>,
  readAs: (request: Request) => Request,
  parts: SessionParts<V>,
): void {
  let session: Session<Request> | undefined;
  let ended = false;
  const peer = call.getPeer();

  const end = (code: status, details: string, metadata = new Metadata()): undefined => {
    if (ended) return;
    ended = true;
    session?.end(details);
    call.emit("error", { code, details, metadata } satisfies Partial<ServiceError>);
    const parting = setTimeout(() => parts.drop?.(peer), partingMs).unref();
    call.once("close", () => clearTimeout(parting));
  };
  const failed = (cause: unknown) => {
    parts.observe({ kind: "client-failed", peer, nodeId: session?.nodeId, cause });
    end(status.INTERNAL, "a fault of the server; connect again");
  };
  const { firstRequestTimeoutMs: silenceMs = longestTimerMs } = parts;
  const silent = setTimeout(
    () => refuse(status.DEADLINE_EXCEEDED, `no request within ${silenceMs} ms`),
    silenceMs,
  ).unref();

  call.on("data", (request: Request) => {
    // What was read before the client hears of its end still arrives.
    if (ended) return;
    // grpc-js turns what a handler throws into an unhandled rejection: one client's request would end the process.
    try {
      hear(request);
    } catch (cause) {
      failed(cause);
    }
  });

  call.on("end", () => {
    session?.end("the client closed the stream");
    call.end();
  });
  call.on("cancelled", () => gone("cancelled"));
  call.on("error", (error) => gone(error.message));
  call.on("close", () => gone("the connection closed"));

  function gone(cause: string): void {
    ended = true;
    clearTimeout(silent);
    session?.end(cause);
  }

  function hear(request: Request): void {
    const { nodeBytes } = request;
    if (nodeBytes > mostNodeBytes) {
      refuse(status.INVALID_ARGUMENT, `the node has ${nodeBytes} bytes; at most ${mostNodeBytes} are taken: say less`);
      return;
    }
    if (session === undefined) {
      session = opened(request);
      session?.start();
    }
    if (session === undefined) return;
    if (isOther(request, session.nodeId))
      end(status.INVALID_ARGUMENT, "the node of a stream cannot change: open another stream");
    else session.take({ kind: "request", request: readAs(request) });
  }

  function opened(request: Request): Session<Request> | undefined {
    clearTimeout(silent);
    const identity = parts.identify(request.node);
    if (!identity.ok) return refuse(status.INVALID_ARGUMENT, identity.problems.map(problemText).join("; "));
    const later = parts.admit?.(identity.value.nodeId, peer);
    if (later !== undefined) return end(later.code, later.details, later.metadata);
    const reason = parts.refuse(identity.value, callerOf(call));
    if (reason !== undefined) return refuse(status.PERMISSION_DENIED, reason);
    return createSession(call, open(identity.value), identity.value, peer, parts, { end, failed });
  }

  function refuse(code: status, reason: string): undefined {
    parts.observe({ kind: "client-refused", peer, reason });
    return end(code, reason);
  }
}

/** Envoy repeats its node in each request unless told not to; only another id is another client. */
function isOther({ node }: SotwRequest | DeltaRequest, nodeId: string): boolean {
  return node !== undefined && node.id !== "" && node.id !== nodeId;
}
