import type { Viewer } from "../model/viewer.ts";
import type { ResourceType } from "../snapshot/resource.ts";

/** CSDS `ConfigStatus`: SYNCED, STALE (sent, not ACKed), NOT_SENT (nothing asked or nothing to send), ERROR (last one rejected). */
export type ClientStatus = "SYNCED" | "STALE" | "NOT_SENT" | "ERROR";

export type TypeStatus = {
  readonly status: ClientStatus;
  /** When this status began. */
  readonly since: Date;
  /** The version that the client ACKed last. */
  readonly acked?: string;
  /** The client's own words, when it rejected. */
  readonly reason?: string;
  /** The resources that the last rejection named or that were in the rejected response. */
  readonly rejected?: readonly string[];
};

/** One connected client, as the status table shows it. */
export type ClientView = {
  readonly nodeId: string;
  readonly cluster: string;
  readonly kind: "envoy" | "grpc";
  readonly role: "edge" | "sidecar" | "proxyless";
  readonly locality: string;
  /** User agent name and version, e.g. `envoy 1.40.0`, `gRPC Node 1.14.7`. */
  readonly agent: string;
  readonly protocol: "sotw" | "delta";
  readonly peer: string;
  readonly connectedAt: Date;
  readonly viewer: Viewer;
  readonly types: Readonly<Record<ResourceType, TypeStatus>>;
};

/** Who is connected and what they hold; read by the operator's side. */
export type Clients = {
  list(): readonly ClientView[];
  /** Resolves once every client has ACKed all that it is to hold now, or after `withinMs`; says how many have. */
  settled(withinMs: number, signal: AbortSignal): Promise<{ readonly acked: number; readonly of: number }>;
};
