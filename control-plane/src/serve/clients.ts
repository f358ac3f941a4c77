import type { JsonObject } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import type { Problem } from "../lib/parsed.ts";
import type { CommonType, ResourceType } from "../snapshot/resource.ts";

/** CSDS `ConfigStatus`: SYNCED, STALE (sent, not ACKed), NOT_SENT (nothing asked or nothing to send), ERROR (something rejected). */
export type ClientStatus = "SYNCED" | "STALE" | "NOT_SENT" | "ERROR";

export type TypeStatus = {
  readonly status: ClientStatus;
  /** When the client answered last, or first asked. */
  readonly since: Date;
  /** The version that the client ACKed last. */
  readonly acked?: string;
  /** The client's own words, when it rejected. */
  readonly reason?: string;
  /** The resources that it rejects now; they are tried again from time to time. */
  readonly rejected?: readonly string[];
};

/** The types that every client asks for, and those others that this one asked for. */
export type TypeStatuses = Readonly<Record<CommonType, TypeStatus> & Partial<Record<ResourceType, TypeStatus>>>;

/** One resource of one client. CSDS `ClientResourceStatus`. */
export type ResourceStatus = {
  readonly type: ResourceType;
  readonly name: string;
  readonly status: "REQUESTED" | "ACKED" | "NACKED" | "DOES_NOT_EXIST";
  /** The version that it is to have; empty: none. */
  readonly version: string;
  /** The version that it has, as far as it said; empty: none, or not yet known. */
  readonly held: string;
  /** The revision of the documents that the wanted version comes from, and its content. */
  readonly revision?: number;
  readonly body?: Any;
  /** When it was sent, answered or rejected. */
  readonly at: Date;
  /** NACKED: the client's own words, how often it rejected this version, and when it is tried again. */
  readonly reason?: string;
  readonly attempts?: number;
  readonly retryAt?: Date;
};

/** What a stream has cost so far. */
export type StreamCost = {
  readonly requests: number;
  readonly responses: number;
  readonly responseBytes: number;
  readonly acks: number;
  readonly nacks: number;
};

/** One connected client, as the status table shows it. */
export type ClientView = {
  readonly nodeId: string;
  readonly cluster: string;
  readonly kind: "envoy" | "grpc";
  readonly role: string;
  readonly locality: string;
  /** User agent name and version, e.g. `envoy 1.40.0`, `gRPC Node 1.14.7`. */
  readonly agent: string;
  /** What else its node says of itself; undefined: nothing, or too much to keep. */
  readonly metadata?: JsonObject;
  /** What of it makes no sense and is passed over. */
  readonly problems?: readonly Problem[];
  readonly protocol: "sotw" | "delta";
  readonly peer: string;
  readonly connectedAt: Date;
  /** Clients with the same viewer are sent the same. */
  readonly viewer: string;
  readonly types: TypeStatuses;
  readonly cost: StreamCost;
  /** Each resource that it asked for or has. */
  resources(): Iterable<ResourceStatus>;
  /** One of them; undefined where it neither asked for it nor has it. */
  resource(type: ResourceType, name: string): ResourceStatus | undefined;
};

/** Who is connected and what they hold; read by the operator's side. */
export type Clients = {
  list(): readonly ClientView[];
  /** Resolves once every client has answered all that it is to hold now, or after `withinMs`; says how many have ACKed it. */
  settled(withinMs: number, signal: AbortSignal): Promise<{ readonly acked: number; readonly of: number }>;
};
