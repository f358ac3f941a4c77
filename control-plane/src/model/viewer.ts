import { capabilitiesText, type GrpcCapabilities } from "./grpc-capabilities.ts";
import { type Inbound, inboundText } from "./inbound.ts";
import { type Locality, localityText } from "./locality.ts";

declare const brand: unique symbol;
/** Equal keys share one snapshot: `envoy/edge/dc-a/z1/0.0.0.0:10000`, `grpc/node/dc-a/z1`. */
export type ViewerKey = string & { readonly [brand]: "ViewerKey" };

/** What a client is, as far as it decides what it is sent: many clients are one viewer. */
export type Viewer =
  | {
      readonly flavour: "envoy";
      readonly role: "edge" | "sidecar";
      readonly locality: Locality;
      /** Where its listener binds. */
      readonly listen: { readonly host: string; readonly port: number };
      /** Services that a sidecar takes calls for, sorted; at most `mostInbound`. */
      readonly inbound?: readonly Inbound[];
    }
  | {
      readonly flavour: "grpc";
      readonly locality: Locality;
      /** Which library, and what its version lacks. */
      readonly grpc: GrpcCapabilities;
    };

export function viewerKey(viewer: Viewer): ViewerKey {
  const where = localityText(viewer.locality);
  const text =
    viewer.flavour === "grpc"
      ? `grpc/${capabilitiesText(viewer.grpc)}/${where}`
      : `envoy/${viewer.role}/${where}/${viewer.listen.host}:${viewer.listen.port}${inboundPart(viewer.inbound)}`;
  return text as ViewerKey;
}

/** ` takes report=0.0.0.0:9091/127.0.0.1:9090`; nothing for who takes none. */
function inboundPart(inbound: readonly Inbound[] = []): string {
  return inbound.length === 0 ? "" : ` takes ${inbound.map(inboundText).join(" ")}`;
}
