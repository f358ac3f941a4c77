/** What was stored; `sha256` in lower-case hexadecimal. */
export type Stored = { readonly sizeBytes: number; readonly sha256: string };

/** A local file, and the key that is to be its. */
export type NewObject = { readonly key: string; readonly file: string };

/** What lies under this key is not what was put there. */
export class ObjectDamaged extends Error {
  constructor(key: string, options?: ErrorOptions) {
    super(`the bytes of ${key} were changed, or are those of another object`, options);
    this.name = "ObjectDamaged";
  }
}

/** One object in a list; `sizeBytes` is what it takes there, which is more than its bytes where they lie encrypted. */
export type StoredObject = { readonly key: string; readonly sizeBytes: number; readonly writtenAtMs: number };

/**
 * Bytes by key. A key is written once and then never changes; a half-written one is never seen. Everything throws
 * `StoreUnavailable` where the store cannot be reached, or takes nothing, now.
 */
export type ObjectStore = {
  /**
   * Moves local files in; the sizes and hashes are of the bytes that were stored, in the files' order. Where one cannot be
   * stored, others may have been.
   */
  put(files: readonly NewObject[]): Promise<readonly Stored[]>;
  /** The bytes from `offset` on, in pieces of up to 64 KiB; leaving the loop or `signal` closes it. */
  read(key: string, offset: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /**
   * What is there under this key, by reading it or by what the store vouches for; undefined where nothing is. Throws
   * `ObjectDamaged`, as reading does, where that is seen.
   */
  check(key: string): Promise<Stored | undefined>;
  /** Whether anything is there under this key: without reading it, however large it is. */
  isThere(key: string): Promise<boolean>;
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
