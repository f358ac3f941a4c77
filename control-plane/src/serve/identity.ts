import type { JsonObject } from "@bufbuild/protobuf";
import type { Node } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import type { Parsed, Problem } from "../lib/parsed.ts";

/** Who a client says it is, and what follows from it. `V` is what decides which snapshot it gets. */
export type Identity<V> = {
  readonly nodeId: string;
  readonly cluster: string;
  readonly kind: "envoy" | "grpc";
  /** For the status table: `edge`, `sidecar`, `proxyless`. */
  readonly role: string;
  readonly locality: string;
  /** User agent name and version. */
  readonly agent: string;
  /** The node's metadata, unless there is too much of it to keep. */
  readonly metadata?: JsonObject;
  /** What it says of itself and is passed over, for that makes no sense; it is served without. */
  readonly problems?: readonly Problem[];
  readonly viewer: V;
};

/** Reads the node of a stream's first request; what is refused ends the stream with INVALID_ARGUMENT. */
export type Identify<V> = (node: Node | undefined) => Parsed<Identity<V>>;
