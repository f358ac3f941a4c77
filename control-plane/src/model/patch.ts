/** The kinds of clients that a patch can be for. */
export const patchClients = ["envoy-edge", "envoy-sidecar", "grpc"] as const;
export type PatchClient = (typeof patchClients)[number];

export const patchTypes = ["Cluster", "ClusterLoadAssignment", "Listener", "VirtualHost"] as const;
/** The xDS messages that a patch can change; a virtual host is a part of routes. */
export type PatchType = (typeof patchTypes)[number];

/** One step of RFC 6902 with plain JSON, on the proto3 JSON form of a resource with the field names of its .proto file. */
export type PatchOperation =
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string }
  | { readonly op: "move" | "copy"; readonly from: string; readonly path: string };

/** A Patch document: what is changed of resources after they were made, for what Weir has no words of its own for. */
export type PatchSpec = {
  readonly name: string;
  readonly type: PatchType;
  /** The resource's name. */
  readonly target: string;
  readonly clients: readonly PatchClient[];
  readonly operations: readonly PatchOperation[];
};
