import type { ResourceType } from "../../snapshot/resource.ts";
import type { SnapshotStep } from "../../snapshot/snapshot.ts";
import type { ResourceStatus, TypeStatuses } from "../clients.ts";
import type { DeltaRequest, SotwRequest } from "../wire/request.ts";
import { advance, passTime } from "./advance.ts";
import { type Conversation, createConversation, type StreamNote } from "./conversation.ts";
import { takeDelta } from "./delta-stream.ts";
import { push, type Response, type Variant } from "./push.ts";
import { takeSotw } from "./sotw-stream.ts";
import { isRejecting, isSettled, longestUnanswered, resourceOf, resourcesOf, statusOf } from "./status.ts";

export type StreamEvent<Request> =
  | { readonly kind: "request"; readonly request: Request }
  | { readonly kind: "snapshot"; readonly step: SnapshotStep }
  /** Nothing happened but that time passed: what was rejected may be tried again. */
  | { readonly kind: "tick" };

export type StreamStep = { readonly send: readonly Response[]; readonly notes: readonly StreamNote[] };

/** One client's conversation, without a socket or a clock: what comes in decides what goes out. The same for both variants. */
export type Stream<Request> = {
  readonly variant: Variant;
  take(event: StreamEvent<Request>, now: Date): StreamStep;
  status(): TypeStatuses;
  /** Each resource that the client asked for or has. */
  resources(): Iterable<ResourceStatus>;
  /** One of them; undefined where there is none of that name. */
  resource(type: ResourceType, name: string): ResourceStatus | undefined;
  /** The response that has waited for its answer longest. */
  unanswered(): ReturnType<typeof longestUnanswered>;
  /** How many names it asks for, of all types. */
  names(): number;
  /** How many characters these have, together. Looks at each. */
  namesLength(): number;
  /** The client rejects something that it is to hold. */
  rejects(): boolean;
  /** The client has answered all that it is to hold as of this step. */
  settledAt(step: SnapshotStep | undefined): boolean;
};

export function createDeltaStream(): Stream<DeltaRequest> {
  return createStream("delta", true, takeDelta);
}

/** `emptyMeansAll`: false for proxyless gRPC clients, which never mean the wildcard by an empty list of names. */
export function createSotwStream({ emptyMeansAll }: { readonly emptyMeansAll: boolean }): Stream<SotwRequest> {
  return createStream("sotw", emptyMeansAll, takeSotw);
}

function createStream<Request>(
  variant: Variant,
  emptyMeansAll: boolean,
  takeRequest: (conversation: Conversation, request: Request, now: Date) => readonly StreamNote[],
): Stream<Request> {
  const conversation = createConversation(emptyMeansAll);
  return {
    variant,
    take(event, now) {
      const heard = event.kind === "request" ? takeRequest(conversation, event.request, now) : [];
      if (event.kind === "snapshot") advance(conversation, event.step);
      if (event.kind === "tick") passTime(conversation, now);
      const { send, notes } = push(conversation, variant, now);
      return { send, notes: [...heard, ...notes] };
    },
    status: () => statusOf(conversation),
    resources: () => resourcesOf(conversation),
    resource: (type, name) => resourceOf(conversation, type, name),
    unanswered: () => longestUnanswered(conversation),
    names: () => [...conversation.subscriptions.values()].reduce((sum, { names }) => sum + names.size, 0),
    namesLength() {
      let length = 0;
      for (const { names } of conversation.subscriptions.values())
        for (const name of names.values()) length += name.length;
      return length;
    },
    rejects: () => isRejecting(conversation),
    settledAt: (step) => conversation.step === step && isSettled(conversation),
  };
}
