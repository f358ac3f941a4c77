import { create, toBinary } from "@bufbuild/protobuf";
import { DiscoveryRequestSchema } from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import type { Response } from "../../control-plane/src/serve/conversation/push.ts";
import {
  createDeltaStream,
  createSotwStream,
  type Stream,
  type StreamEvent,
} from "../../control-plane/src/serve/conversation/stream.ts";
import type { NamesOnWire } from "../../control-plane/src/serve/wire/name-lists.ts";
import { type DeltaRequest, decodeSotw, type SotwRequest } from "../../control-plane/src/serve/wire/request.ts";
import { typeUrls } from "../../control-plane/src/snapshot/resource.ts";
import { itemOf } from "./made-up-world.ts";
import type { Link } from "./play-session.ts";
import type { Reply, Request, Variant } from "./simulated-client.ts";

/** No socket: a stream machine that answers before `send` returns, and a clock that only `wait` moves. */
export function createMachineLink(variant: Variant): Link & { wait(ms: number): void } {
  let stream: Stream<never>;
  let hear: (reply: Reply) => void;
  let now = 0;

  function take(event: StreamEvent<SotwRequest | DeltaRequest>): void {
    for (const response of stream.take(event as StreamEvent<never>, new Date(now)).send) hear(replyOf(response));
  }

  return {
    now: () => now,
    open(hears) {
      hear = hears;
      stream = variant === "delta" ? createDeltaStream() : createSotwStream({ emptyMeansAll: true });
    },
    send: (request) => take({ kind: "request", request: variant === "delta" ? deltaOf(request) : sotwOf(request) }),
    publish: () => undefined,
    notice: (step) => take({ kind: "snapshot", step }),
    resources: () => stream.resources(),
    wait(ms) {
      now += ms;
      take({ kind: "tick" });
    },
  };
}

function replyOf({ errors, resources, ...rest }: Response): Reply {
  return { ...rest, resources: resources.map(itemOf), errors: errors.map(({ name }) => name) };
}

function deltaOf({ type, nonce, rejects, subscribe, unsubscribe, initial }: Request): DeltaRequest {
  return { typeUrl: typeUrls[type], node: undefined, nodeBytes: 0, nonce, rejects, subscribe, unsubscribe, initial };
}

function sotwOf({ type, nonce, rejects, names, version }: Request): SotwRequest {
  return { typeUrl: typeUrls[type], node: undefined, nodeBytes: 0, nonce, rejects, version, names: onWire(names) };
}

const known = new Map<string, NamesOnWire>();

function onWire(names: readonly string[]): NamesOnWire {
  const found = known.get(names.join());
  if (found !== undefined) return found;
  const request = create(DiscoveryRequestSchema, { resourceNames: [...names] });
  const made = decodeSotw(Buffer.from(toBinary(DiscoveryRequestSchema, request))).names;
  known.set(names.join(), made);
  return made;
}
