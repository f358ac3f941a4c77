import type { GrpcImplementation, Release } from "../../model/grpc-capabilities.ts";

type Library = Exclude<GrpcImplementation, "other">;

/**
 * The release in which each library got what a gRFC (github.com/grpc/proposal) defines; undefined: none has it yet, or only
 * behind a switch that is off. From doc/grpc_xds_features.md of grpc/grpc, and where that is behind, from the sources of
 * grpc-go 1.83 to 1.85, of the C core 58 (gRPC 1.85) and of grpc-js-xds 1.14.1. The C core says its own version to a server, so
 * that is what stands here: 19 came with gRPC 1.40, 29 with 1.51, 32 with 1.55, 33 with 1.56, 38 with 1.61.
 */
export const grfcs = {
  A31: { title: "deadlines", go: [1, 37], java: [1, 37], core: [17, 0], node: [1, 4] },
  A32: { title: "circuit breaking", go: [1, 37], java: [1, 37], core: [17, 0], node: [1, 4] },
  A33: { title: "fault injection", go: [1, 37], java: [1, 37], core: [17, 0], node: [1, 4] },
  A42: { title: "ring hash", go: [1, 41], java: [1, 40], core: [19, 0], node: [1, 10] },
  A44: { title: "retries", go: [1, 41], java: [1, 40], core: [19, 0], node: [1, 8] },
  A48: { title: "least request", go: [1, 83], java: [1, 48], core: undefined, node: undefined },
  A50: { title: "outlier detection", go: [1, 50], java: [1, 49], core: [29, 0], node: [1, 7] },
  A55: { title: "session affinity", go: undefined, java: undefined, core: [38, 0], node: undefined },
  A58: { title: "weighted round robin", go: [1, 56], java: [1, 54], core: [32, 0], node: undefined },
  A63: { title: "string matchers of headers", go: [1, 56], java: [1, 53], core: [33, 0], node: [1, 9] },
} as const satisfies Readonly<
  Record<string, { readonly title: string } & Readonly<Record<Library, Release | undefined>>>
>;

export type Grfc = keyof typeof grfcs;
