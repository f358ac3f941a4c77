import { type Capability, capability, envoys, ignored, since, tried } from "./capability.ts";

const envoy = envoys("HTTP routing, hash policy");
const unseen = (what: string) =>
  since(
    "A42",
    undefined,
    ignored(`it knows no ${what}: the next source counts, after the last one chance`, "gRFC A42"),
  );

/** What decides where a request goes, below a field that holds sources of hashes. */
export function hashCapabilities(field: string): readonly Capability[] {
  return [field, `${field}.firstOf[]`].flatMap((at) => [
    capability(`${at}.header`, { envoy, grpc: since("A42") }),
    capability(`${at}.cookie`, { whole: true, envoy, grpc: unseen("cookies") }),
    capability(`${at}.sourceAddress`, {
      envoy,
      grpc: tried("A42", "each channel of a caller has an endpoint of its own"),
    }),
    capability(`${at}.method`, { envoy, grpc: unseen("path to hash by") }),
  ]);
}
