import { isIP } from "node:net";
import type { Locality } from "../model/locality.ts";
import { localityFields } from "./locality-fields.ts";

export type GrpcBootstrap = {
  readonly nodeId: string;
  /** The service that calls; shown in the table of clients. */
  readonly cluster: string;
  readonly locality: Locality;
  readonly xds: { readonly host: string; readonly port: number };
  /** Where its admin services (CSDS) answer, told to Weir so that it can ask what the client runs. */
  readonly admin?: { readonly host: string; readonly port: number };
  /** Files on the machine of the client (gRFC A65; Go, C++ and Java know it, grpc-js-xds 1.14 takes `insecure` only). */
  readonly tls?: { readonly certFile: string; readonly keyFile: string; readonly caFile: string };
};

/** The bootstrap of a proxyless gRPC client (gRFC A27): the file that GRPC_XDS_BOOTSTRAP names. */
export function grpcBootstrap({ nodeId, cluster, locality, xds, admin, tls }: GrpcBootstrap) {
  const credentials = tls
    ? {
        type: "tls",
        config: { certificate_file: tls.certFile, private_key_file: tls.keyFile, ca_certificate_file: tls.caFile },
      }
    : { type: "insecure" };
  return {
    xds_servers: [
      {
        server_uri: addressText(xds),
        channel_creds: [credentials],
        server_features: ["xds_v3"],
      },
    ],
    node: {
      ...{ id: nodeId, cluster, ...localityFields(locality) },
      ...(admin && { metadata: { weir: { admin: addressText(admin) } } }),
    },
  };
}

function addressText({ host, port }: { readonly host: string; readonly port: number }): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
