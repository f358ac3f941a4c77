import { type Capability, capability, envoys, ignored, since, tried } from "./capability.ts";

const envoy = envoys("timeouts");

/** How long a request may take, below a field that says so. */
export function timeoutCapabilities(field: string): readonly Capability[] {
  return [
    capability(`${field}.request`, { envoy, grpc: tried("A31") }),
    capability(`${field}.maxStream`, { envoy, grpc: since("A31") }),
    capability(`${field}.streamIdle`, {
      envoy,
      grpc: ignored("a quiet call lasts until its deadline", "gRFC A31"),
    }),
  ];
}
