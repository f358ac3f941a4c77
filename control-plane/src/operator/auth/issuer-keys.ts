import {
  createLocalJWKSet,
  errors,
  type FlattenedJWSInput,
  type JWTHeaderParameters,
  type JWTVerifyGetKey,
} from "jose";
import { z } from "zod";
import type { AuthNote } from "./auth-note.ts";

/** It cannot be told now whether the issuer signed something: for who asks to try again, and never a yes. */
export class IssuerAway extends Error {}

/** What an issuer says of itself; OpenID Connect Discovery 1.0, section 3. */
export type IssuerMetadata = {
  readonly jwks_uri: string;
  readonly authorization_endpoint?: string | undefined;
  readonly token_endpoint?: string | undefined;
};

export type IssuerKeys = {
  /** The key that a token names; throws `IssuerAway`, or jose's errors where the issuer has no such key. */
  readonly key: JWTVerifyGetKey;
  /** Throws `IssuerAway` where it was never reached. */
  metadata(): Promise<IssuerMetadata>;
};

const metadataShape = z.object({
  issuer: z.string(),
  jwks_uri: z.string(),
  authorization_endpoint: z.string().optional(),
  token_endpoint: z.string().optional(),
});
const keysShape = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(1_000) });
const mostBytes = 1024 * 1024;

/**
 * The keys that an issuer signs with, asked for when the first token comes and kept: again after `refreshMs`, so that one that it
 * gave up counts no more, and for a key that is not among them, at most every `cooldownMs`. While it is away those that are known
 * go on counting, and it is asked every `retryMs`.
 */
export function createIssuerKeys(
  { issuer }: { readonly issuer: string },
  { observe, monotonicMs }: { readonly observe: (note: AuthNote) => void; readonly monotonicMs: () => number },
  { refreshMs = 600_000, cooldownMs = 30_000, retryMs = 5_000, timeoutMs = 5_000 } = {},
): IssuerKeys {
  type Known = {
    readonly metadata: IssuerMetadata;
    readonly find: ReturnType<typeof createLocalJWKSet>;
    readonly ids: string;
    readonly atMs: number;
  };
  let known: Known | undefined;
  let failed: { readonly says: string; readonly atMs: number } | undefined;
  let asking: Promise<void> | undefined;

  async function read(): Promise<void> {
    const signal = AbortSignal.timeout(timeoutMs);
    const metadata = metadataOf(await jsonAt(wellKnown(issuer), signal), issuer);
    const { keys } = keysShape.parse(await jsonAt(metadata.jwks_uri, signal));
    const ids = keys.map(({ kid, kty }) => `${kty} ${String(kid)}`).join();
    if (failed || ids !== known?.ids) observe({ kind: "issuer-keys-read", issuer, count: keys.length });
    known = { metadata, find: createLocalJWKSet({ keys }), ids, atMs: monotonicMs() };
    failed = undefined;
  }

  /** Never rejects: what came of it stands in `known` and `failed`. Requests that come together share one. */
  async function ask(): Promise<void> {
    if (failed && monotonicMs() - failed.atMs < retryMs) return;
    asking ??= read()
      .catch((cause: Error) => {
        const says = reasonOf(cause);
        if (failed?.says !== says) observe({ kind: "issuer-away", issuer, says });
        failed = { says, atMs: monotonicMs() };
      })
      .finally(() => {
        asking = undefined;
      });
    await asking;
  }

  async function current(): Promise<Known> {
    if (!known || monotonicMs() - known.atMs > refreshMs) await ask();
    if (known) return known;
    throw new IssuerAway(`${issuer} cannot be asked for its keys: ${failed?.says ?? "it has not answered"}`);
  }

  return {
    async key(header: JWTHeaderParameters, token: FlattenedJWSInput) {
      const { find, atMs } = await current();
      try {
        return await find(header, token);
      } catch (cause) {
        if (!(cause instanceof errors.JWKSNoMatchingKey) || monotonicMs() - atMs < cooldownMs) throw cause;
        await ask();
        if (!known || failed)
          throw new IssuerAway(`${issuer} cannot be asked for the key that this is signed by: ${failed?.says ?? ""}`);
        return known.find(header, token);
      }
    },
    metadata: async () => (await current()).metadata,
  };
}

function wellKnown(issuer: string): string {
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

function metadataOf(json: unknown, issuer: string): IssuerMetadata {
  const metadata = metadataShape.parse(json);
  if (metadata.issuer !== issuer)
    throw new Error(`it calls itself ${metadata.issuer}: admin.auth.oidc.issuer must be that to the letter`);
  if (!isSafe(metadata.jwks_uri)) throw new Error("it names keys at an address that is not https");
  return metadata;
}

/** Whoever could change an answer on its way could log in as anybody. */
export function isSafe(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === "https:" || (protocol === "http:" && /^(localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/.test(hostname));
}

async function jsonAt(address: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(address, { signal, redirect: "error", headers: { accept: "application/json" } });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${address} answered ${response.status}`);
  }
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > mostBytes) throw new Error(`${address} answered with more than 1 MiB`);
    pieces.push(piece);
  }
  return JSON.parse(Buffer.concat(pieces).toString("utf8"));
}

/** `fetch failed` says nothing; what it is caused by does. */
function reasonOf(cause: Error): string {
  if (cause instanceof z.ZodError) return "it answers with something else than OpenID Connect Discovery has";
  if (cause.name === "TimeoutError") return "it did not answer in time";
  return cause.cause instanceof Error ? cause.cause.message || String(cause.cause) : cause.message;
}
