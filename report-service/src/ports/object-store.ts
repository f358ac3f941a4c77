/** Bytes by key. A key is written once and then never changes; a half-written one is never seen. */
export type ObjectStore = {
  /** Moves a local file in; its size and SHA-256 (lower-case hexadecimal) are of the bytes that were stored. */
  put(key: string, file: string): Promise<{ readonly sizeBytes: number; readonly sha256: string }>;
  /** The bytes from `offset` on, in pieces of up to 64 KiB; leaving the loop or `signal` closes it. */
  read(key: string, offset: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** What is there under this key, by reading it or by what the store vouches for; undefined where nothing is. */
  check(key: string): Promise<{ readonly sizeBytes: number; readonly sha256: string } | undefined>;
  /** Removes everything whose key starts with `prefix/`. */
  remove(prefix: string): Promise<void>;
};
