import type { SigningKey } from "./grant.ts";

export type SigningKeys = {
  /** The one that signs. */
  current(): SigningKey;
  /** One that may have signed; undefined where no such key is in force. */
  find(id: string): SigningKey | undefined;
};

// A stranger who makes up key ids must not have the file read each time.
const rereadEveryMs = 1_000;

/**
 * The keys that `read` finds, the newest first. They are read again each minute, and where a URL names one that is not
 * known: so a new key can be written at any time, and servers that have not seen it yet take what it signed.
 */
export function createSigningKeys(
  read: () => readonly [SigningKey, ...SigningKey[]],
  now: () => number = Date.now,
): SigningKeys {
  let keys = read();
  let readAtMs = now();

  function reread(olderThanMs: number): void {
    if (now() - readAtMs < olderThanMs) return;
    readAtMs = now();
    keys = read();
  }

  return {
    current() {
      reread(60_000);
      return keys[0];
    },
    find(id) {
      const known = keys.find((one) => one.id === id);
      // A key that was taken out of the file must not go on for long.
      reread(known ? 60_000 : rereadEveryMs);
      return keys.find((one) => one.id === id);
    },
  };
}
