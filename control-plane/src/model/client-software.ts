import type { GrpcImplementation, Release } from "./grpc-capabilities.ts";

/** What kind of client it is, as far as clients differ in what they do with the same document. */
export type ClientKind = "envoy" | `grpc-${GrpcImplementation}`;

export const clientKinds = [
  "envoy",
  "grpc-go",
  "grpc-java",
  "grpc-core",
  "grpc-node",
  "grpc-other",
] as const satisfies readonly ClientKind[];

/** How people call the kinds of clients. */
export const clientNames: Readonly<Record<ClientKind, string>> = {
  envoy: "Envoy",
  "grpc-go": "gRPC Go",
  "grpc-java": "gRPC Java",
  "grpc-core": "gRPC C core",
  "grpc-node": "gRPC Node",
  "grpc-other": "other gRPC",
};

export type ClientSoftware =
  | ({ readonly kind: "envoy" } & Version)
  | ({ readonly kind: `grpc-${GrpcImplementation}`; readonly implementation: GrpcImplementation } & Version);

/** Of the C core it is its own, not gRPC's: 58.0 is of gRPC 1.85. */
type Version = {
  /** As it says it, `1.85.0`; empty where that is none that can be read. */
  readonly version: string;
  readonly release: Release | undefined;
};

// Read in grpc-go 1.85 (internal/xds/bootstrap), grpc-java (GrpcUtil.getGrpcBuildVersion), gRPC's C core
// (xds_client_grpc.cc: "gRPC C-core linux", version "C-core 58.0.0", either with a suffix of who built it) and grpc-js-xds 1.14
// (xds-client.ts); seen with all of them.
const grpcNames: readonly (readonly [RegExp, GrpcImplementation])[] = [
  [/^grpc[ -]?go\b/i, "go"],
  [/^grpc[ -]?java\b/i, "java"],
  [/^grpc c-core\b/i, "core"],
  [/^grpc[ -]?node\b/i, "node"],
];

/**
 * Which client it is by its user agent: name and version with a space between, `gRPC Go 1.85.0`, `envoy 1.40.0`. Whoever
 * does not begin with `grpc`, as gRFC A27 has every gRPC client do, is taken for an Envoy.
 */
export function softwareOf(agent: string): ClientSoftware {
  const version = versionOf(agent);
  if (!/^grpc\b/i.test(agent)) return { kind: "envoy", ...version };
  const implementation = grpcNames.find(([name]) => name.test(agent))?.[1] ?? "other";
  return { kind: `grpc-${implementation}`, implementation, ...version };
}

function versionOf(agent: string): Version {
  const [version = "", major, minor] = /\b(\d{1,5})\.(\d{1,5})\b[\w.+-]{0,24}/.exec(agent) ?? [];
  return { version, release: version === "" ? undefined : [Number(major), Number(minor)] };
}
