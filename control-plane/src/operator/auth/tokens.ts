import { timingSafeEqual } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { type Problem, problemText } from "../../lib/parsed.ts";
import type { AuthNote } from "./auth-note.ts";
import { isTokenShaped, tokenHash } from "./new-token.ts";
import { parseTokens, type TokenEntry } from "./parse-tokens.ts";
import type { Principal } from "./principal.ts";

export type TokenVerdict =
  | { readonly kind: "known"; readonly principal: Principal }
  | { readonly kind: "expired"; readonly name: string; readonly at: Date }
  | { readonly kind: "unknown" }
  /** What an OpenID provider issued, or is said to have. 503: whether it did cannot be told now. */
  | {
      readonly kind: "refused";
      readonly code: 401 | 403 | 503;
      readonly reason: string;
      readonly says: string;
      readonly metadata?: Readonly<Record<string, string>>;
    };

/** The tokens file as it is now. */
export type Tokens = {
  whose(token: string): Promise<TokenVerdict>;
  /** Of a certificate that was verified, by the names that are in it. */
  ofCertificate(names: readonly string[]): Promise<TokenVerdict>;
};

/**
 * Reads the tokens file, and again for the first request after it changed: a token that is taken out counts no more. A file
 * that changes to something wrong, or goes, is told of and what it last said stays. Throws when it is wrong at the start.
 */
export async function openTokens({
  file,
  observe,
  now,
}: {
  readonly file: string;
  readonly observe: (note: AuthNote) => void;
  readonly now: () => Date;
}): Promise<Tokens> {
  let mark = await markOf(file).catch((cause: Error) => Promise.reject(new Error(cannotRead(file, cause))));
  let entries = await entriesOf(file);
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    let seen = "gone";
    try {
      seen = await markOf(file);
      if (seen === mark) return;
      entries = await entriesOf(file);
      observe({ kind: "tokens-read", file, count: entries.length });
    } catch (cause) {
      if (seen === mark) return;
      observe({ kind: "tokens-refused", file, says: (cause as Error).message });
    }
    mark = seen;
  }

  async function find(isIt: (shows: TokenEntry["shows"]) => boolean): Promise<TokenVerdict> {
    // Requests that come together share one look.
    looking ??= look().finally(() => {
      looking = undefined;
    });
    await looking;
    // All of them, so that how long it takes does not tell how far it got.
    const [found] = entries.filter(({ shows }) => isIt(shows));
    if (!found) return { kind: "unknown" };
    const { name, role, services, datacenters, shows, expires } = found;
    if (expires !== undefined && expires <= now()) return { kind: "expired", name, at: expires };
    return { kind: "known", principal: { name, role, services, datacenters, knownBy: shows.kind } };
  }

  return {
    async whose(token) {
      if (!isTokenShaped(token)) return { kind: "unknown" };
      const hash = Buffer.from(tokenHash(token), "hex");
      return find((shows) => shows.kind === "token" && timingSafeEqual(shows.hash, hash));
    },
    ofCertificate: (names) => find((shows) => shows.kind === "certificate" && names.includes(shows.name)),
  };
}

async function markOf(file: string): Promise<string> {
  const { ino, size, mtimeNs } = await stat(file, { bigint: true });
  return `${ino} ${size} ${mtimeNs}`;
}

async function entriesOf(file: string): Promise<readonly TokenEntry[]> {
  const text = await readFile(file, "utf8").catch((cause: Error) => Promise.reject(new Error(cannotRead(file, cause))));
  const read = parseTokens({ path: file, text });
  if (read.ok) return read.value;
  throw new Error(
    `the tokens file is wrong: ${read.problems.map((problem: Problem) => problemText(problem)).join("; ")}`,
  );
}

function cannotRead(file: string, cause: Error): string {
  return `admin.auth.tokens: ${file} cannot be read: ${cause.message}`;
}
