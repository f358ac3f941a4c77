/** The libraries that speak xDS as gRPC clients. `core` is gRPC's C core: C++, Python, Ruby, PHP, C#. */
export type GrpcImplementation = "go" | "java" | "core" | "node" | "other";

export const grpcImplementations: readonly GrpcImplementation[] = ["go", "java", "core", "node", "other"];

/**
 * What older versions do not know and would refuse a whole resource for: `ring-hash` is the policy RING_HASH of a cluster
 * (gRFC A42). What they do not know and only ignore makes no difference to what they are sent.
 */
export type GrpcFeature = "ring-hash";

/** A class of gRPC clients that are sent the same. Few on purpose: clients say of themselves what they are. */
export type GrpcCapabilities = {
  readonly implementation: GrpcImplementation;
  /** In the order of `GrpcFeature`; empty for all versions of the last three years. */
  readonly lacks: readonly GrpcFeature[];
};

/** Major and minor. */
export type Release = readonly [major: number, minor: number];

/**
 * The first version with each feature, from doc/grpc_xds_features.md of grpc/grpc. The C core says its own version and not
 * gRPC's release: 19 came with 1.40 or 1.41.
 */
const since: Readonly<Record<Exclude<GrpcImplementation, "other">, Readonly<Record<GrpcFeature, Release>>>> = {
  go: { "ring-hash": [1, 41] },
  java: { "ring-hash": [1, 40] },
  core: { "ring-hash": [19, 0] },
  node: { "ring-hash": [1, 10] },
};

/** What a version can be sent; one that is not known is taken for a current one. */
export function grpcCapabilities(implementation: GrpcImplementation, release: Release | undefined): GrpcCapabilities {
  if (implementation === "other" || release === undefined) return { implementation, lacks: [] };
  const features = Object.entries(since[implementation]) as readonly (readonly [GrpcFeature, Release])[];
  const lacks = features.filter(([, first]) => isBefore(release, first)).map(([feature]) => feature);
  return { implementation, lacks };
}

export function isBefore([major, minor]: Release, [otherMajor, otherMinor]: Release): boolean {
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

/** `go`, `go-without-ring-hash`. */
export function capabilitiesText({ implementation, lacks }: GrpcCapabilities): string {
  return lacks.length === 0 ? implementation : `${implementation}-without-${lacks.join("-")}`;
}
