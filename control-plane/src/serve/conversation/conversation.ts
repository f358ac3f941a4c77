import type { ResourceType } from "../../snapshot/resource.ts";
import type { SnapshotStep } from "../../snapshot/snapshot.ts";
import type { Subscription } from "./subscription.ts";

/** What a stream can tell of itself. Types are short names, as in `resource.ts`; an unknown one is the client's own URL. */
export type StreamNote =
  | { readonly kind: "subscribed"; readonly type: ResourceType; readonly names: number | "all" }
  | {
      readonly kind: "sent";
      readonly type: ResourceType;
      readonly nonce: string;
      readonly version: string;
      readonly resources: number;
      readonly removed: number;
      readonly revision: number;
    }
  | {
      readonly kind: "acked";
      readonly type: ResourceType;
      readonly nonce: string;
      readonly version: string;
      readonly tookMs: number;
    }
  /** `names`: who is to blame, as far as the client says so; empty while that is being found out. `of` were sent. */
  | {
      readonly kind: "rejected";
      readonly type: ResourceType;
      readonly nonce: string;
      readonly version: string;
      readonly names: readonly string[];
      readonly of: number;
      readonly reason: string;
    }
  | { readonly kind: "stale-nonce"; readonly type: ResourceType; readonly nonce: string }
  | { readonly kind: "unknown-type"; readonly typeUrl: string };

/** What one stream knows, over both variants and all types. */
export type Conversation = {
  /** Proxyless gRPC clients never mean "all" by an empty list of names. */
  readonly emptyMeansAll: boolean;
  step: SnapshotStep | undefined;
  readonly subscriptions: Map<ResourceType, Subscription>;
  readonly unknownTypes: Set<string>;
  nonce: number;
};

export function createConversation(emptyMeansAll: boolean): Conversation {
  return { emptyMeansAll, step: undefined, subscriptions: new Map(), unknownTypes: new Set(), nonce: 0 };
}
