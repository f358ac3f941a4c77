import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Credentials, S3Settings } from "./settings.ts";

export type Signable = {
  readonly method: string;
  /** Without the prefix; undefined: the bucket itself. */
  readonly key: string | undefined;
  readonly query?: Readonly<Record<string, string>>;
  /** In lower case. */
  readonly headers?: Readonly<Record<string, string>>;
};

export type Signed = { readonly url: URL; readonly headers: Readonly<Record<string, string>> };

export type Signer = {
  /** A request of our own; `bodyHash` is the SHA-256 of its body, in hexadecimal. */
  sign(request: Signable, bodyHash: string): Promise<Signed>;
  /** A URL for clients; they must send exactly the headers that are given. */
  presign(request: Signable, validMs: number): Promise<URL>;
};

/** AWS's Signature Version 4, as S3 wants it. */
export function createSigner(
  settings: S3Settings,
  credentials: () => Promise<Credentials>,
  now: () => Date = () => new Date(),
): Signer {
  const { bucketUrl, publicUrl, region, prefix } = settings;
  // S3 signs paths as they are, unlike AWS's other services:
  // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
  const parameters = { service: "s3", region, credentials, sha256: Sha256, uriEscapePath: false, applyChecksum: false };
  const signer = new SignatureV4(parameters);

  function requestTo(base: URL, { method, key, query = {}, headers = {} }: Signable) {
    const bucket = base.pathname.replace(/\/$/, "");
    return {
      method,
      protocol: base.protocol,
      hostname: base.hostname,
      ...(base.port !== "" && { port: Number(base.port) }),
      path: key === undefined ? bucket || "/" : `${bucket}/${(prefix + key).split("/").map(escapePart).join("/")}`,
      query: { ...query },
      headers: { host: base.host, ...headers },
    };
  }

  return {
    async sign(request, bodyHash) {
      const headers = { ...request.headers, "x-amz-content-sha256": bodyHash };
      const signed = await signer.sign(requestTo(bucketUrl, { ...request, headers }), { signingDate: now() });
      return { url: urlOf(bucketUrl, signed), headers: signed.headers };
    },
    async presign(request, validMs) {
      const base = publicUrl ?? bucketUrl;
      const unsigned = requestTo(base, request);
      const signed = await signer.presign(
        { ...unsigned, headers: { ...unsigned.headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } },
        {
          signingDate: now(),
          expiresIn: Math.ceil(validMs / 1000),
          // Moved into the query, it would bind nobody.
          unhoistableHeaders: new Set(Object.keys(request.headers ?? {})),
        },
      );
      return urlOf(base, signed);
    },
  };
}

function urlOf(base: URL, { path, query = {} }: { readonly path: string; readonly query?: object }): URL {
  const pairs = Object.entries(query).map(([name, value]) => `${escapePart(name)}=${escapePart(String(value))}`);
  return new URL(`${base.origin}${path}${pairs.length > 0 ? `?${pairs.join("&")}` : ""}`);
}

/** As SigV4 writes URLs: all but letters, digits and `-._~`. */
function escapePart(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (odd) => `%${odd.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** A class because the signer calls `new` on it. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error("a hash is used once");
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === "string") return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
