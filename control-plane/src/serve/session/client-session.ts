import { type ServerDuplexStream, status } from "@grpc/grpc-js";
import type { Framed } from "@weir/proto/grpc/framed.ts";
import type { StreamCost } from "../clients.ts";
import type { Connected } from "../connected-clients.ts";
import type { StreamNote } from "../conversation/conversation.ts";
import type { Stream, StreamEvent } from "../conversation/stream.ts";
import type { Identity } from "../identity.ts";
import { encode } from "../wire/encode.ts";
import type { DeltaRequest, SotwRequest } from "../wire/request.ts";
import type { SessionParts } from "./session-parts.ts";

export type Call<Request> = ServerDuplexStream<Request, unknown>;

// One is usual; with all types asked for at once it is one of each.
const mostUnflushed = 2;

// The names of a stream may be this long on average; names that are in use are shorter.
const longName = 200;

/** How a call is ended: for a reason that the client is told, or because something threw. */
export type CallEnds = {
  readonly end: (code: status, details: string) => void;
  readonly failed: (cause: unknown) => void;
};

export type Session<Request> = {
  readonly nodeId: string;
  /** To be called first: from now on the client is known, and may be sent something. */
  start(): void;
  take(event: StreamEvent<Request>): void;
  end(cause: string): void;
};

/** A client that was let in: what comes from it and what becomes due for it go through its stream machine, and what that says to its socket. */
export function createSession<V, Request extends SotwRequest | DeltaRequest>(
  call: Call<Request>,
  stream: Stream<Request>,
  identity: Identity<V>,
  peer: string,
  { lease: leaseOf, clients, turns, observe, now, ackTimeoutMs, maxNames = Number.POSITIVE_INFINITY }: SessionParts<V>,
  { end: endCall, failed }: CallEnds,
): Session<Request> {
  const { nodeId, viewer, agent, kind: client, problems = [] } = identity;
  const protocol = stream.variant;
  const connectedAt = now();
  const cost = { requests: 0, responses: 0, responseBytes: 0, acks: 0, nacks: 0 };
  let ended = false;
  // Behind, and already in the queue for a turn: it will find the newest there, however many have come by then.
  let behind = false;
  // Responses that the client has not taken yet.
  let unflushed = 0;
  // Characters of the names that it asks for, and of those that it no longer asks for: so that they are seldom counted.
  let addedLength = 0;

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
    resource: stream.resource,
    cost: (): StreamCost => cost,
    settled: () => !behind && lease.pending?.() !== true && stream.settledAt(lease.current()),
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
    const says = tooMuch(event.request);
    if (says !== undefined) {
      observe({ kind: "client-refused", peer, reason: `${nodeId}: ${says}` });
      endCall(status.RESOURCE_EXHAUSTED, says);
    }
    cost.requests += 1;
    clients.progressed();
  }

  function tooMuch(request: Request): string | undefined {
    const names = stream.names();
    if (names > maxNames) return `it asks for ${names} names on one stream; at most ${maxNames} are taken`;
    addedLength += lengthAdded(request);
    const mostLength = maxNames * longName;
    if (addedLength <= mostLength) return undefined;
    addedLength = stream.namesLength();
    if (addedLength <= mostLength) return undefined;
    return `the names that it asks for on one stream have ${addedLength} characters; at most ${mostLength} are taken`;
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
      if (problems.length > 0) observe({ kind: "client-misconfigured", nodeId, client, problems });
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

/** SotW requests tell all names again, which replace those before: they are never more than what fits into a request. */
function lengthAdded(request: SotwRequest | DeltaRequest): number {
  return "subscribe" in request ? request.subscribe.reduce((sum, name) => sum + name.length, 0) : 0;
}
