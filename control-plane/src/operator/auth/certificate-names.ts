import { AsyncLocalStorage } from "node:async_hooks";
import type { X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";

// Not a header, which any client could send: only code of this process that asks the routes itself can set this.
const behalf = new AsyncLocalStorage<{ readonly certificate: X509Certificate | undefined }>();

/**
 * Asks the routes for a client of another server of this process, which came with this certificate; undefined: with none that
 * the server's authorities signed.
 */
export function onBehalfOf<T>(certificate: X509Certificate | undefined, ask: () => Promise<T>): Promise<T> {
  return behalf.run({ certificate }, ask);
}

/**
 * What a client's certificate calls it: `URI:spiffe://prod/ana`, `DNS:ana.example`, `email:ana@example`, and `CN:ana` where it has none
 * of these. Undefined without a certificate that the server's authorities signed.
 */
export function certificateNames({ socket }: Pick<IncomingMessage, "socket">): readonly string[] | undefined {
  const certificate = certificateOf(socket);
  if (!certificate) return undefined;
  const names = namesIn(certificate.subjectAltName ?? "");
  return names.length > 0 ? names : commonNames(certificate.subject);
}

function certificateOf(socket: IncomingMessage["socket"]): X509Certificate | undefined {
  const asked = behalf.getStore();
  if (asked) return asked.certificate;
  return socket instanceof TLSSocket && socket.authorized ? socket.getPeerX509Certificate() : undefined;
}

/** Names with anything odd in them come in quotes (CVE-2021-44532), and are nobody's. */
export function namesIn(subjectAltName: string): readonly string[] {
  const all = [...subjectAltName.matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g)];
  return all.flatMap(([, kind = "", name = ""]) =>
    ["URI", "DNS", "email"].includes(kind) && /^[^\s",]+$/.test(name) ? [`${kind}:${name}`] : [],
  );
}

/** Of `O=Weir\nCN=ana`; a subject with several names is nobody's. */
function commonNames(subject: string): readonly string[] {
  const found = subject.split("\n").filter((line) => line.startsWith("CN="));
  const name = found.length === 1 ? (found[0]?.slice(3) ?? "") : "";
  return /^[^\s",\\]+$/.test(name) ? [`CN:${name}`] : [];
}
