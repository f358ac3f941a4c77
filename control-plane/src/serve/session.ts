import { Metadata, type ServerDuplexStream, type ServiceError, status } from "@grpc/grpc-js";
import type { Framed } from "@weir/proto/grpc/framed.ts";
import { problemText } from "../lib/parsed.ts";
import type { ResourceType } from "../snapshot/resource.ts";
import type { SnapshotStep } from "../snapshot/snapshot.ts";
import type { ComeAgain } from "./admission/admission-gate.ts";
import { type Caller, callerOf } from "./caller.ts";
import type { StreamCost } from "./clients.ts";
import type { Connected, ConnectedClients } from "./connected-clients.ts";
import type { StreamNote } from "./conversation/conversation.ts";
import type { Stream, StreamEvent } from "./conversation/stream.ts";
import type { Identify, Identity } from "./identity.ts";
import type { Turns } from "./turns.ts";
import { encode } from "./wire/encode.ts";
import type { DeltaRequest, SotwRequest } from "./wire/request.ts";

type About = { readonly nodeId: string; readonly client: "envoy" | "grpc" };

/** What a stream tells, with who it is about. */
export type ClientNote =
  | ({
      readonly kind: "client-connected";
      readonly protocol: "sotw" | "delta";
      readonly agent: string;
      readonly peer: string;
    } & About)
  | ({
      readonly kind: "client-disconnected";
      readonly protocol: "sotw" | "delta";
      readonly peer: string;
      readonly forMs: number;
      readonly cause: string;
    } & About)
  | { readonly kind: "client-refused"; readonly peer: string; readonly reason: string }
  /** Something threw for this client: its stream is ended, the others go on. */
  | {
      readonly kind: "client-failed";
      readonly peer: string;
      readonly nodeId: string | undefined;
      readonly cause: unknown;
    }
  /** A response was not answered in time: the stream is ended, and the client comes back. */
  | ({
      readonly kind: "client-slow";
      readonly peer: string;
      readonly type: ResourceType;
      readonly forMs: number;
    } & About)
  | (StreamNote & { readonly bytes?: number } & About);

/** What a lease on a viewer's snapshots gives a stream. */
export type StepLease = Disposable & { readonly key: string; current(): SnapshotStep | undefined };

export type SessionParts<V> = {
  /** The snapshots of a viewer; `onStep` is called after each new one, never from within. */
  readonly lease: (viewer: V, onStep: () => void) => StepLease;
  readonly identify: Identify<V>;
  /** Says why this client may not have a stream; undefined: it may. */
  readonly refuse: (identity: Identity<V>, caller: Caller) => string | undefined;
  readonly clients: ConnectedClients;
  readonly turns: Turns;
  readonly observe: (note: ClientNote) => void;
  readonly now: () => Date;
  /** How long a response may wait for its answer before the stream is ended. */
  readonly ackTimeoutMs: number;
  /** How long a stream may be open without a request; for ever, if undefined. */
  readonly firstRequestTimeoutMs?: number;
  /** How many names a stream may ask for, of all types; any number, if undefined. */
  readonly maxNames?: number;
  /** How the stream of this node is to end at once, because it comes too often; undefined: it is served. */
  readonly admit?: (nodeId: string, peer: string) => ComeAgain | undefined;
  /** Ends the connection of a peer that does not even take the end of its stream. */
  readonly drop?: (peer: string) => void;
};

const longestTimerMs = 2 ** 31 - 1;

// One is usual; with all types asked for at once it is one of each.
const mostUnflushed = 2;

// Whoever reads takes the end of a stream in far less; who does not would keep what was written to it.
const partingMs = 5_000;

type Call<Request> = ServerDuplexStream<Request, unknown>;

/** Carries one stream between its socket and its conversation; the only code that touches the socket. */
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

/** How a call is ended: for a reason that the client is told, or because something threw. */
type CallEnds = {
  readonly end: (code: status, details: string) => void;
  readonly failed: (cause: unknown) => void;
};

type Session<Request> = {
  readonly nodeId: string;
  /** To be called first: from now on the client is known, and may be sent something. */
  start(): void;
  take(event: StreamEvent<Request>): void;
  end(cause: string): void;
};

function createSession<V, Request>(
  call: Call<Request>,
  stream: Stream<Request>,
  identity: Identity<V>,
  peer: string,
  { lease: leaseOf, clients, turns, observe, now, ackTimeoutMs, maxNames = Number.POSITIVE_INFINITY }: SessionParts<V>,
  { end: endCall, failed }: CallEnds,
): Session<Request> {
  const { nodeId, viewer, agent, kind: client } = identity;
  const protocol = stream.variant;
  const connectedAt = now();
  const cost = { requests: 0, responses: 0, responseBytes: 0, acks: 0, nacks: 0 };
  let ended = false;
  // Behind, and already in the queue for a turn: it will find the newest there, however many have come by then.
  let behind = false;
  // Responses that the client has not taken yet.
  let unflushed = 0;

  const lease = leaseOf(viewer, () => {
    if (behind || ended) return;
    behind = true;
    turns.enqueue(catchUp);
  });
  const entry: Connected = {
    identity,
    viewer: lease.key,
    protocol,
    peer,
    connectedAt,
    status: stream.status,
    resources: stream.resources,
    cost: (): StreamCost => cost,
    settled: () => !behind && stream.settledAt(lease.current()),
    rejects: stream.rejects,
    sweep,
  };

  function catchUp(): void {
    behind = false;
    const step = lease.current();
    if (!ended && step !== undefined) takeOwn({ kind: "snapshot", step });
    clients.progressed();
  }

  /** What is not the client's doing must not end the process either. */
  function takeOwn(event: StreamEvent<Request>): void {
    try {
      take(event);
    } catch (cause) {
      failed(cause);
    }
  }

  function flushed(): void {
    unflushed -= 1;
    if (unflushed === 0 && call.isPaused()) call.resume();
  }

  function sweep(at: Date): void {
    if (ended) return;
    const unanswered = stream.unanswered();
    const forMs = unanswered === undefined ? 0 : at.getTime() - unanswered.since.getTime();
    if (unanswered !== undefined && forMs > ackTimeoutMs) {
      observe({ kind: "client-slow", nodeId, client, peer, type: unanswered.type, forMs });
      endCall(
        status.DEADLINE_EXCEEDED,
        `no answer to the ${unanswered.type} sent ${Math.round(forMs / 1000)} s ago; connect again`,
      );
    } else takeOwn({ kind: "tick" });
  }

  function take(event: StreamEvent<Request>): void {
    if (ended) return;
    const { send, notes } = stream.take(event, now());
    const frames = send.map((response) => encode(response, protocol));
    unflushed += frames.length;
    for (const frame of frames) call.write(frame, flushed);
    tell(notes, frames);
    if (event.kind !== "request") return;
    // Nonces can be guessed: who answers without reading would pile up responses here.
    if (unflushed > mostUnflushed) call.pause();
    const names = stream.names();
    if (names > maxNames) {
      const says = `it asks for ${names} names on one stream; at most ${maxNames} are taken`;
      observe({ kind: "client-refused", peer, reason: `${nodeId}: ${says}` });
      endCall(status.RESOURCE_EXHAUSTED, says);
    }
    cost.requests += 1;
    clients.progressed();
  }

  function tell(notes: readonly StreamNote[], frames: readonly Framed[]): void {
    let sent = 0;
    for (const note of notes) {
      if (note.kind === "sent") {
        const bytes = frames[sent]?.frame.length ?? 0;
        sent += 1;
        cost.responses += 1;
        cost.responseBytes += bytes;
        observe({ ...note, nodeId, client, bytes });
        continue;
      }
      if (note.kind === "acked") cost.acks += 1;
      if (note.kind === "rejected") cost.nacks += 1;
      observe({ ...note, nodeId, client });
    }
  }

  return {
    nodeId,
    start() {
      clients.add(entry);
      observe({ kind: "client-connected", nodeId, client, protocol, agent, peer });
      const newest = lease.current();
      if (newest !== undefined) take({ kind: "snapshot", step: newest });
    },
    take,
    end(cause) {
      if (ended) return;
      ended = true;
      lease[Symbol.dispose]();
      clients.remove(entry);
      observe({
        kind: "client-disconnected",
        nodeId,
        client,
        protocol,
        peer,
        forMs: now().getTime() - connectedAt.getTime(),
        cause,
      });
    },
  };
}
