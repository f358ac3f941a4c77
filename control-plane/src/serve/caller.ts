/** What its connection says of a client, to whoever decides whether it may have a stream. */
export type Caller = {
  /** `address:port`. */
  readonly peer: string;
  /** The certificate that it showed and that was verified, in DER; undefined: none was asked for. */
  readonly certificate: Uint8Array | undefined;
  /** The request header of this name, e.g. `authorization`; undefined: it sent none. */
  header(name: string): string | undefined;
};

/** The caller of a gRPC call. */
export function callerOf(call: {
  getPeer(): string;
  getAuthContext(): { readonly sslPeerCertificate?: { readonly raw: Uint8Array } };
  readonly metadata: { get(name: string): readonly (string | Buffer)[] };
}): Caller {
  return {
    peer: call.getPeer(),
    certificate: call.getAuthContext().sslPeerCertificate?.raw,
    header: (name) => call.metadata.get(name)[0]?.toString(),
  };
}
