import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";

/**
 * What a client's certificate calls it: `URI:spiffe://prod/ana`, `DNS:ana.example`, `email:ana@example`, and `CN:ana` where it has none
 * of these. Undefined without a certificate that the server's authorities signed.
 */
export function certificateNames({ socket }: Pick<IncomingMessage, "socket">): readonly string[] | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return undefined;
  const names = namesIn(certificate.subjectAltName ?? "");
  return names.length > 0 ? names : commonNames(certificate.subject);
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
