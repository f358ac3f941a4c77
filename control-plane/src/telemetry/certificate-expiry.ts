import { X509Certificate } from "node:crypto";

const block = /-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs;

/** When the first of the certificates in a PEM file ends; undefined where there is none that can be read. */
export function certificateExpiry(pem: string | Buffer): Date | undefined {
  const ends = (pem.toString().match(block) ?? []).flatMap((text) => {
    try {
      return [new Date(new X509Certificate(text).validTo).getTime()];
    } catch {
      // Who listens with it says what is wrong with it.
      return [];
    }
  });
  return ends.length === 0 ? undefined : new Date(Math.min(...ends));
}
