import { type ServerDuplexStream, status } from "@grpc/grpc-js";
import type { Node } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import type { AggregatedDiscoveryService } from "@weir/proto/envoy/service/discovery/v3/ads_pb.ts";
import type { DeltaDiscoveryRequest, DiscoveryRequest } from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import type { Framed } from "@weir/proto/grpc/framed.ts";
import type { Handlers } from "@weir/proto/grpc/service.ts";
import { problemText } from "../lib/parsed.ts";
import type { Lease, Snapshots } from "../snapshot/snapshots.ts";
import type { Connected, ConnectedClients } from "./connected-clients.ts";
import type { StreamNote } from "./conversation.ts";
import { encode } from "./encode.ts";
import { createDeltaStream, createSotwStream, type Stream, type StreamEvent } from "./stream.ts";
import type { Turns } from "./turns.ts";
import { type Identity, viewerOfNode } from "./viewer-of-node.ts";

/** What an ADS stream tells, with who it is about. */
export type ClientNote =
  | {
      readonly kind: "client-connected";
      readonly nodeId: string;
      readonly client: "envoy" | "grpc";
      readonly protocol: "sotw" | "delta";
      readonly agent: string;
      readonly peer: string;
    }
  | {
      readonly kind: "client-disconnected";
      readonly nodeId: string;
      readonly client: "envoy" | "grpc";
      readonly protocol: "sotw" | "delta";
      readonly peer: string;
      readonly forMs: number;
      readonly cause: string;
    }
  | { readonly kind: "client-refused"; readonly peer: string; readonly reason: string }
  | (StreamNote & { readonly nodeId: string; readonly client: "envoy" | "grpc"; readonly bytes?: number });

export type AdsParts = {
  readonly snapshots: Snapshots;
  readonly clients: ConnectedClients;
  readonly turns: Turns;
  readonly observe: (note: ClientNote) => void;
  readonly now: () => Date;
};

/** The aggregated discovery service: one stream for all types, in both variants. */
export function adsHandlers(parts: AdsParts): Handlers<typeof AggregatedDiscoveryService> {
  return {
    deltaAggregatedResources: (call) => converse(call, () => createDeltaStream(), parts),
    streamAggregatedResources: (call) =>
      converse(call, ({ viewer }) => createSotwStream({ emptyMeansAll: viewer.flavour !== "grpc" }), parts),
  };
}

type Call<Request> = ServerDuplexStream<Request, unknown>;

/** The only code that touches the socket: requests and new snapshots go in, responses and notes come out. */
function converse<Request extends DiscoveryRequest | DeltaDiscoveryRequest>(
  call: Call<Request>,
  open: (identity: Identity) => Stream<Request>,
  parts: AdsParts,
): void {
  let session: Session<Request> | undefined;
  const peer = call.getPeer();

  call.on("data", (request: Request) => {
    if (session === undefined) {
      const identity = viewerOfNode(request.node);
      if (!identity.ok) {
        const reason = identity.problems.map(problemText).join("; ");
        parts.observe({ kind: "client-refused", peer, reason });
        call.emit("error", { code: status.INVALID_ARGUMENT, details: reason });
        return;
      }
      session = createSession(call, open(identity.value), identity.value, peer, parts);
    } else if (isOther(request.node, session.identity)) {
      call.emit("error", {
        code: status.INVALID_ARGUMENT,
        details: "the node of a stream cannot change: open another stream",
      });
      return;
    }
    session.take({ kind: "request", request });
  });
  call.on("end", () => {
    session?.end("the client closed the stream");
    call.end();
  });
  call.on("cancelled", () => session?.end("cancelled"));
  call.on("error", (error) => session?.end(error.message));
  call.on("close", () => session?.end("the connection closed"));
}

/** Envoy repeats its node in each request unless told not to; only another id is another client. */
function isOther(node: Node | undefined, { nodeId }: Identity): boolean {
  return node !== undefined && node.id !== "" && node.id !== nodeId;
}

type Session<Request> = {
  readonly identity: Identity;
  take(event: StreamEvent<Request>): void;
  end(cause: string): void;
};

function createSession<Request>(
  call: Call<Request>,
  stream: Stream<Request>,
  identity: Identity,
  peer: string,
  { snapshots, clients, turns, observe, now }: AdsParts,
): Session<Request> {
  const { nodeId, viewer, agent } = identity;
  const client = viewer.flavour;
  const protocol = stream.variant;
  let ended = false;
  // Behind, and already in the queue for a turn: it will find the newest there, however many have come by then.
  let behind = false;

  const lease: Lease = snapshots.lease(viewer, () => {
    if (behind || ended) return;
    behind = true;
    turns.enqueue(catchUp);
  });
  const entry: Connected = {
    identity,
    protocol,
    peer,
    connectedAt: now(),
    status: stream.status,
    settled: () => !behind && stream.settledAt(lease.current()),
  };
  clients.add(entry);
  observe({ kind: "client-connected", nodeId, client, protocol, agent, peer });
  const newest = lease.current();
  if (newest !== undefined) take({ kind: "snapshot", step: newest });

  function catchUp(): void {
    behind = false;
    const step = lease.current();
    if (!ended && step !== undefined) take({ kind: "snapshot", step });
    clients.progressed();
  }

  function take(event: StreamEvent<Request>): void {
    if (ended) return;
    const { send, notes } = stream.take(event, now());
    const frames = send.map((response) => encode(response, protocol));
    for (const frame of frames) call.write(frame);
    tell(notes, frames);
    if (event.kind === "request") clients.progressed();
  }

  function tell(notes: readonly StreamNote[], frames: readonly Framed[]): void {
    let sent = 0;
    for (const note of notes) {
      if (note.kind !== "sent") observe({ ...note, nodeId, client });
      else {
        observe({ ...note, nodeId, client, bytes: frames[sent]?.frame.length ?? 0 });
        sent += 1;
      }
    }
  }

  return {
    identity,
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
        forMs: now().getTime() - entry.connectedAt.getTime(),
        cause,
      });
    },
  };
}
