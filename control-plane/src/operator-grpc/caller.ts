import { X509Certificate } from "node:crypto";
import type { Metadata, ServerUnaryCall } from "@grpc/grpc-js";

/** Who makes a call, as the routes are told of it. */
export type Caller = {
  readonly headers: Readonly<Record<string, string>>;
  /** That the authorities of operators signed. */
  readonly certificate: X509Certificate | undefined;
};

/** What of gRPC's metadata the routes know as headers. */
const forwarded = ["authorization", "x-weir-actor", "x-weir-reason", "idempotency-key"] as const;

/** What of a call says who makes it. */
export type CallOfSomebody = { readonly metadata: Metadata } & Pick<
  ServerUnaryCall<unknown, unknown>,
  "getAuthContext"
>;

export function callerOf(call: CallOfSomebody): Caller {
  const headers: Record<string, string> = {};
  for (const name of forwarded) {
    const [first] = call.metadata.get(name);
    if (typeof first === "string") headers[name] = first;
  }
  // grpc-js gives the certificate only of a connection whose certificate was verified.
  const { sslPeerCertificate } = call.getAuthContext();
  return { headers, certificate: sslPeerCertificate && new X509Certificate(sslPeerCertificate.raw) };
}
