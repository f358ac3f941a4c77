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

export type ClientSoftware =
  | { readonly kind: "envoy"; readonly release: Release | undefined }
  | {
      readonly kind: `grpc-${GrpcImplementation}`;
      readonly implementation: GrpcImplementation;
      /** Undefined where it says none that can be read. The C core says its own, not gRPC's: 58.0 is of gRPC 1.85. */
      readonly release: Release | undefined;
    };

// Read in grpc-go 1.85 (internal/xds/bootstrap), grpc-java (GrpcUtil.getGrpcBuildVersion), gRPC's C core
// (xds_client_grpc.cc: "gRPC C-core linux", version "C-core 58.0.0", either with a suffix of who built it) and grpc-js-xds 1.14
// (xds-client.ts); seen with all but Java.
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
  const release = releaseOf(agent);
  if (!/^grpc\b/i.test(agent)) return { kind: "envoy", release };
  const implementation = grpcNames.find(([name]) => name.test(agent))?.[1] ?? "other";
  return { kind: `grpc-${implementation}`, implementation, release };
}

function releaseOf(agent: string): Release | undefined {
  const [, major, minor] = /\b(\d{1,5})\.(\d{1,5})\b/.exec(agent) ?? [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
}
