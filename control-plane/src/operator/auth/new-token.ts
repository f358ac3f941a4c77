import { createHash, randomBytes } from "node:crypto";

/** 256 random bits after a word that secret scanners can look for. */
const form = /^weir_[A-Za-z0-9_-]{43}$/;

export function newToken(): string {
  return `weir_${randomBytes(32).toString("base64url")}`;
}

/** Only what `newToken` can have made is hashed and looked for: what people make up is never taken (docs/decisions/0026-tokens.md). */
export function isTokenShaped(text: string): boolean {
  return form.test(text);
}

/** What stands in the tokens file: SHA-256 in hexadecimal. */
export function tokenHash(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
