import type { TenantId } from "../model/names.ts";

/** What is known of who calls, before anything is read of what it asks. */
export type Peer = {
  /** `127.0.0.1`, `::1`; undefined where the connection has none. */
  readonly address: string | undefined;
  /** The first value of a header, where it is text. */
  readonly header: (name: string) => string | undefined;
  /** Of the client's certificate, once it was checked against the authority that this server trusts. Takes long. */
  readonly subjectAltName: () => string | undefined;
};

/** For whom a caller may speak. */
export type Caller =
  | { readonly kind: "tenant"; readonly tenant: TenantId }
  /** Whoever it says: its word is taken. */
  | { readonly kind: "anyone" }
  | { readonly kind: "stranger"; readonly why: string };

/** Tells who calls. Called once for each call, so what takes long should be remembered. */
export type Authenticator = (peer: Peer) => Caller | Promise<Caller>;
