import type { Status } from "@weir/proto/google/rpc/status_pb.ts";
import type { StreamNote } from "./conversation.ts";
import { answered, type Subscription } from "./subscription.ts";

/** Takes a request as the ACK, or with error detail the NACK, of the response in flight. Nothing in flight: nothing said. */
export function takeAnswer(
  subscription: Subscription,
  errorDetail: Status | undefined,
  now: Date,
): readonly StreamNote[] {
  const reason = errorDetail === undefined ? undefined : errorDetail.message || "no reason given";
  const inFlight = answered(subscription, reason, now);
  if (inFlight === undefined) return [];
  const { type } = subscription;
  const { nonce, version, resources } = inFlight;
  if (reason === undefined) return [{ kind: "acked", type, nonce, version }];
  return [{ kind: "rejected", type, nonce, version, names: resources.map(({ name }) => name), reason }];
}
