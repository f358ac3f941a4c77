import { createHmac, type KeyObject, timingSafeEqual } from "node:crypto";
import type { Announced } from "../ports/signed-urls.ts";

/** What a signed URL allows. */
export type Grant =
  | { readonly method: "PUT"; readonly key: string; readonly expiresAtMs: number; readonly announced: Announced }
  | {
      readonly method: "GET";
      readonly key: string;
      readonly expiresAtMs: number;
      readonly fileName: string;
      readonly mediaType: string;
    };

/** A `KeyObject`, as one made of bytes for each signature costs five times the signature. */
export type SigningKey = { readonly id: string; readonly key: KeyObject };

export type Checked =
  | { readonly kind: "granted"; readonly grant: Grant }
  | { readonly kind: "refused"; readonly says: string };

/** Path and query of the URL that grants this; its expiry is cut to whole seconds. */
export function signGrant(grant: Grant, signingKey: SigningKey): string {
  const path = grant.key.split("/").map(encodeURIComponent).join("/");
  const expires = Math.floor(grant.expiresAtMs / 1000);
  const signature = signatureOf(grant, signingKey).toString("base64url");
  // URLSearchParams would cost as much as the signature.
  const constraints = Object.entries(constraintsOf(grant)).map(([name, is]) => `${name}=${encodeURIComponent(is)}`);
  return `/${path}?${constraints.join("&")}&expires=${expires}&key=${encodeURIComponent(signingKey.id)}&signature=${signature}`;
}

/** What a request's method, path and query grant; `keyOf` finds the keys that are in force. */
export function checkGrant(
  method: string,
  target: string,
  keyOf: (id: string) => SigningKey | undefined,
  nowMs: number,
): Checked {
  const grant = grantOf(method === "HEAD" ? "GET" : method, target);
  if (!grant)
    return refused("this URL is not signed, or not for this method; ask for one with CreateUpload or GetDownloadUrl");
  const signingKey = keyOf(grant.keyId);
  // Whether the key or the signature is wrong is nobody's business.
  if (!signingKey || !isEqual(signatureOf(grant.grant, signingKey), grant.signature))
    return refused("this URL's signature is wrong: it was changed, it is for another method, or its key is withdrawn");
  if (grant.grant.expiresAtMs <= nowMs)
    return refused(`this URL was valid until ${new Date(grant.grant.expiresAtMs).toISOString()}; ask for a new one`);
  return { kind: "granted", grant: grant.grant };
}

type Claim = { readonly grant: Grant; readonly keyId: string; readonly signature: Buffer };

function grantOf(method: string, target: string): Claim | undefined {
  const parts = partsOf(target);
  if (!parts) return undefined;
  const { key, query } = parts;
  const get = (name: string): string => query.get(name) ?? "";
  const expiresAtMs = Number(get("expires")) * 1000;
  const [signature, keyId, mediaType] = [Buffer.from(get("signature"), "base64url"), get("key"), get("type")];
  // Beyond this no Date could say when it ends.
  if (!(expiresAtMs > 0 && expiresAtMs <= 8.64e15) || signature.length === 0) return undefined;
  if (method === "PUT") {
    const announced = { mediaType, sizeBytes: Number(get("size")), sha256: get("sha256") };
    return { grant: { method, key, expiresAtMs, announced }, keyId, signature };
  }
  if (method !== "GET") return undefined;
  return { grant: { method, key, expiresAtMs, fileName: get("name"), mediaType }, keyId, signature };
}

function partsOf(target: string): { readonly key: string; readonly query: URLSearchParams } | undefined {
  const split = target.indexOf("?");
  if (split < 0 || !target.startsWith("/")) return undefined;
  try {
    // Not by URL: it would resolve "..", and the key must be what was signed.
    const key = target.slice(1, split).split("/").map(decodeURIComponent).join("/");
    return { key, query: new URLSearchParams(target.slice(split + 1)) };
  } catch {
    return undefined;
  }
}

function constraintsOf(grant: Grant): Readonly<Record<string, string>> {
  if (grant.method === "GET") return { name: grant.fileName, type: grant.mediaType };
  const { mediaType, sizeBytes, sha256 } = grant.announced;
  return { type: mediaType, size: String(sizeBytes), sha256 };
}

function signatureOf(grant: Grant, { key }: SigningKey): Buffer {
  const { method, key: object, expiresAtMs } = grant;
  // As JSON, so that no two grants give the same text.
  const signed = ["weir object 1", method, object, Math.floor(expiresAtMs / 1000), constraintsOf(grant)];
  return createHmac("sha256", key).update(JSON.stringify(signed)).digest();
}

function isEqual(expected: Buffer, given: Buffer): boolean {
  return expected.length === given.length && timingSafeEqual(expected, given);
}

function refused(says: string): Checked {
  return { kind: "refused", says };
}
