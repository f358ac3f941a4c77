import { Metadata, type ServerInterceptingCall, type ServerInterceptor, status } from "@grpc/grpc-js";
import { addressKey } from "../listener/listener-counts.ts";
import { createRefusalTeller, type Refusals } from "../listener/listener-refusals.ts";
import type { Admission } from "./admission.ts";

export type AdmissionRefusal = "too-many-streams" | "node-comes-too-often";

/** Streams that were told to come again later; at most one note a second. */
export type AdmissionNote = { readonly kind: "streams-refused" } & Refusals<AdmissionRefusal>;

/** A status for a stream that is to come again later. */
export type ComeAgain = { readonly code: status; readonly details: string; readonly metadata: Metadata };

export type AdmissionGate = {
  /** Refuses streams before anything is done for them: before their handler is called, or a request is read. */
  readonly interceptor: ServerInterceptor;
  /** How the stream of this node is to end, if it came too often. */
  node(nodeId: string, peer: string): ComeAgain | undefined;
};

const crowded = "more streams are being opened than can be served";

// A client that opens streams on and on although it is told to wait costs a tenth of a millisecond each time.
const mostRefusedOnConnection = 100;
const forgottenAfterMs = 1_000;

export function createAdmissionGate({
  admission,
  drop,
  observe,
  monotonicMs,
}: {
  readonly admission: Admission;
  /** Ends the connection of a peer. */
  readonly drop: (peer: string) => void;
  readonly observe: (note: AdmissionNote) => void;
  readonly monotonicMs: () => number;
}): AdmissionGate {
  const refusals = createRefusalTeller<AdmissionRefusal>({
    tell: (told) => observe({ kind: "streams-refused", ...told }),
    monotonicMs,
  });
  let refusedOf = new Map<string, number>();
  let since = monotonicMs();

  function refusedAgain(peer: string): void {
    const now = monotonicMs();
    if (now - since > forgottenAfterMs) {
      refusedOf = new Map();
      since = now;
    }
    const times = (refusedOf.get(peer) ?? 0) + 1;
    refusedOf.set(peer, times);
    if (times > mostRefusedOnConnection) drop(peer);
  }

  return {
    interceptor(_method, call) {
      const peer = call.getPeer();
      const waitMs = admission.stream(hostOf(peer));
      if (waitMs !== undefined) {
        refusals.add({ reason: "too-many-streams", peer, says: crowded });
        // An ended call never reaches its handler (grpc-js 1.14: `start` returns at once).
        call.sendStatus(comeAgain(crowded, waitMs));
        refusedAgain(peer);
      }
      return call as ServerInterceptingCall;
    },
    node(nodeId, peer) {
      const waitMs = admission.node(nodeId, hostOf(peer));
      if (waitMs === undefined) return undefined;
      const says = `node ${JSON.stringify(nodeId)} opens streams too often`;
      refusals.add({ reason: "node-comes-too-often", peer, says });
      return comeAgain(says, waitMs);
    },
  };
}

/** `address:port` without the port. */
function hostOf(peer: string): string {
  return addressKey(peer.slice(0, peer.lastIndexOf(":")));
}

function comeAgain(says: string, waitMs: number): ComeAgain {
  const metadata = new Metadata();
  // What gRPC clients that retry take for the time to wait: gRFC A6, "Pushback".
  metadata.set("grpc-retry-pushback-ms", String(waitMs));
  return {
    code: status.RESOURCE_EXHAUSTED,
    details: `${says}; come again in ${(waitMs / 1_000).toFixed(1)} s`,
    metadata,
  };
}
