import type { DeltaDiscoveryRequest, DiscoveryRequest } from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import type { ResourceType } from "../snapshot/resource.ts";
import type { SnapshotStep } from "../snapshot/snapshot.ts";
import type { TypeStatus } from "./clients.ts";
import { advance, createConversation, isSettled, type StreamNote, statusOf } from "./conversation.ts";
import { takeDelta } from "./delta-stream.ts";
import { push, type Response, type Variant } from "./push.ts";
import { takeSotw } from "./sotw-stream.ts";

export type StreamEvent<Request> =
  | { readonly kind: "request"; readonly request: Request }
  | { readonly kind: "snapshot"; readonly step: SnapshotStep };

export type StreamStep = { readonly send: readonly Response[]; readonly notes: readonly StreamNote[] };

/** One client's conversation, without a socket or a clock: what comes in decides what goes out. The same for both variants. */
export type Stream<Request> = {
  readonly variant: Variant;
  take(event: StreamEvent<Request>, now: Date): StreamStep;
  status(): Readonly<Record<ResourceType, TypeStatus>>;
  /** The client has answered all that it is to hold as of the step it was last given. */
  settledAt(step: SnapshotStep | undefined): boolean;
};

export function createDeltaStream(): Stream<DeltaDiscoveryRequest> {
  return createStream("delta", true, takeDelta);
}

/** `emptyMeansAll`: false for proxyless gRPC clients, which never mean the wildcard by an empty list of names. */
export function createSotwStream({ emptyMeansAll }: { readonly emptyMeansAll: boolean }): Stream<DiscoveryRequest> {
  return createStream("sotw", emptyMeansAll, takeSotw);
}

function createStream<Request>(
  variant: Variant,
  emptyMeansAll: boolean,
  takeRequest: (...args: [ReturnType<typeof createConversation>, Request, Date]) => readonly StreamNote[],
): Stream<Request> {
  const conversation = createConversation(emptyMeansAll);
  return {
    variant,
    take(event, now) {
      const heard = event.kind === "request" ? takeRequest(conversation, event.request, now) : [];
      if (event.kind === "snapshot") advance(conversation, event.step);
      const { send, notes } = push(conversation, variant, now);
      return { send, notes: [...heard, ...notes] };
    },
    status: () => statusOf(conversation),
    settledAt: (step) => conversation.step === step && isSettled(conversation),
  };
}
