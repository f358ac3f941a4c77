import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";

/** Paths of PEM files: authorities to trust, and a client certificate with its key. */
export type TlsFiles = { readonly ca?: string; readonly cert?: string; readonly key?: string };

/** What is in them, as `tls.connect` takes it. */
export type TlsBytes = { readonly [name in keyof TlsFiles]: Buffer };

const holds: { readonly [name in keyof TlsFiles]-?: (pem: Buffer) => unknown } = {
  // Of authorities that are none Node says nothing: it trusts nobody then.
  ca: (pem) => new X509Certificate(pem),
  cert: (pem) => new X509Certificate(pem),
  key: (pem) => createPrivateKey(pem),
};
const wants = { ca: "a certificate", cert: "a certificate", key: "a key without a passphrase" };

/** Reads them now. Throws where one cannot be read or used; `of` begins what is said, as `--queue kafkas://…`. */
export function readTlsFiles(files: TlsFiles, of: string): TlsBytes {
  const named = (["ca", "cert", "key"] as const).flatMap((name) => {
    const file = files[name];
    return file === undefined ? [] : [[name, read(name, file, of)] as const];
  });
  const bytes: TlsBytes = Object.fromEntries(named);
  try {
    createSecureContext(bytes);
  } catch (cause) {
    const what = `${of}?cert=${files.cert}&key=${files.key} cannot be used together`;
    throw new Error(`${what}: ${(cause as Error).message}`, { cause });
  }
  return bytes;
}

function read(name: keyof TlsFiles, file: string, of: string): Buffer {
  const where = `${of}?${name}=${file}`;
  let pem: Buffer;
  try {
    pem = readFileSync(file);
  } catch (cause) {
    throw new Error(`${where} cannot be read: ${(cause as Error).message}`, { cause });
  }
  try {
    holds[name](pem);
  } catch (cause) {
    throw new Error(`${where} must hold ${wants[name]}, in PEM: ${(cause as Error).message}`, { cause });
  }
  return pem;
}
