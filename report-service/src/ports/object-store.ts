/** What was stored; `sha256` in lower-case hexadecimal. */
export type Stored = { readonly sizeBytes: number; readonly sha256: string };

/** One object in a list. */
export type StoredObject = { readonly key: string; readonly sizeBytes: number; readonly writtenAtMs: number };

/** Bytes by key. A key is written once and then never changes; a half-written one is never seen. */
export type ObjectStore = {
  /** Moves a local file in; its size and hash are of the bytes that were stored. */
  put(key: string, file: string): Promise<Stored>;
  /** The bytes from `offset` on, in pieces of up to 64 KiB; leaving the loop or `signal` closes it. */
  read(key: string, offset: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /**
   * Copies an object into a local file, which is nobody else's then; its size and hash are of the bytes that came.
   * Undefined where there is no such object.
   */
  copyOut(key: string, file: string, signal: AbortSignal): Promise<Stored | undefined>;
  /** What is there under this key, by reading it or by what the store vouches for; undefined where nothing is. */
  check(key: string): Promise<Stored | undefined>;
  /** Removes the object `prefix`, and everything whose key starts with `prefix/`. */
  remove(prefix: string): Promise<void>;
  /** All objects, in any order; one that is written or removed meanwhile may be among them or not. */
  list(signal: AbortSignal): AsyncIterable<StoredObject>;
  /**
   * Removes what writers have begun before `beforeMs` and never ended, which `list` does not show, and answers how many
   * there were; `keep` only counts them.
   */
  removeUnfinished(beforeMs: number, keep: boolean): Promise<number>;
};
