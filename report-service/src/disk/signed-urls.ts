import type { Clock } from "../ports/clock.ts";
import type { SignedUrls } from "../ports/signed-urls.ts";
import { signGrant } from "./grant.ts";
import type { SigningKeys } from "./signing-keys.ts";

/** URLs of an `object-server` that clients reach at `base`, such as `https://files.example.com`. */
export function createDiskUrls(base: string, keys: SigningKeys, clock: Clock): SignedUrls {
  const root = base.replace(/\/$/, "");
  // A URL says whole seconds: rounded up, so that it is valid for as long as was asked for.
  const expiry = (validMs: number): number => Math.ceil((clock.now() + validMs) / 1000) * 1000;
  return {
    async put(key, announced, validMs) {
      const expiresAtMs = expiry(validMs);
      const url = root + signGrant({ method: "PUT", key, announced, expiresAtMs }, keys.current());
      return { url, headers: { "content-type": announced.mediaType }, expiresAtMs };
    },
    async get(key, as, validMs) {
      const expiresAtMs = expiry(validMs);
      return {
        url: root + signGrant({ method: "GET", key, ...as, expiresAtMs }, keys.current()),
        headers: {},
        expiresAtMs,
      };
    },
  };
}
