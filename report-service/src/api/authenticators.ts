import { isIPv4 } from "node:net";
import { parseTenantName } from "../model/names.ts";
import type { Authenticator, Caller } from "../ports/authenticator.ts";

/** Takes the word of clients on this machine, and of nobody else. */
export const trustLoopback: Authenticator = ({ address }) =>
  isLoopback(address)
    ? { kind: "anyone" }
    : stranger(`${address ?? "an unknown address"} is not this machine, and this server was not told to trust it`);

/** Takes everyone's word: for a server that only a proxy can reach, which decides who may call. */
export const trustEveryone: Authenticator = () => ({ kind: "anyone" });

/** The tenant that a proxy in front has written into `header`; the proxy must remove what clients send. */
export function trustHeader(header: string): Authenticator {
  return (peer) => {
    const value = peer.header(header);
    if (value === undefined) return stranger(`the header ${header}, which the proxy in front writes, is missing`);
    return callerOf(value, `the header ${header}`);
  };
}

/** The tenant in the client's certificate: its one URI is `spiffe://{trust domain}/tenant/{tenant}`. */
export const trustCertificate: Authenticator = (peer) => {
  // More than one URI makes no SPIFFE identity (SPIFFE X.509-SVID, section 2). Node puts what could be mistaken for a
  // separator into quotes, so such a name is none of ours.
  const [uri, ...others] = (peer.subjectAltName() ?? "").split(", ").filter((name) => name.startsWith("URI:"));
  const [, tenant] = /^URI:spiffe:\/\/[a-z0-9.-]+\/tenant\/([^/]+)$/.exec(uri ?? "") ?? [];
  if (others.length > 0 || tenant === undefined) return stranger("the client's certificate names no single tenant");
  return callerOf(tenant, "the client's certificate");
};

function callerOf(tenant: string, place: string): Caller {
  const parsed = parseTenantName(`tenants/${tenant}`);
  return parsed ? { kind: "tenant", tenant: parsed } : stranger(`${place} names no tenant`);
}

function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = address.replace(/^::ffff:/, "");
  return plain === "::1" || (isIPv4(plain) && plain.startsWith("127."));
}

function stranger(why: string): Caller {
  return { kind: "stranger", why };
}
