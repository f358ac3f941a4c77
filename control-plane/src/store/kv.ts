/** One key of a key-value store and the index of its last change. */
export type KvEntry = { readonly key: string; readonly value: Buffer; readonly index: number };

export type KvWrite =
  /** `ifIndex`: only while the key has this index; 0: only while there is no such key. */
  | { readonly kind: "put"; readonly key: string; readonly value: Buffer; readonly ifIndex?: number }
  | { readonly kind: "delete"; readonly key: string };

/** What stands at a key or below a prefix, and the index to wait for the next change with. */
export type KvReading = { readonly entries: readonly KvEntry[]; readonly index: number };

export type KvQuestion = {
  /** A key; with `below`, all keys that begin with it. */
  readonly key: string;
  readonly below?: boolean;
  /** Asked of the leader, who makes sure that it still is. */
  readonly consistent?: boolean;
  /** Answer when it has changed since this index, or `waitMs` have passed. */
  readonly wait?: { readonly index: number; readonly waitMs: number };
};

/** A store that several processes share and that orders their writes, such as Consul's KV. Each call rejects when it does not answer. */
export type Kv = AsyncDisposable & {
  /** For people: `http://127.0.0.1:8500`. */
  readonly address: string;
  read(question: KvQuestion, signal: AbortSignal): Promise<KvReading>;
  /** The names of all keys that begin with this. */
  keys(prefix: string, signal: AbortSignal): Promise<readonly string[]>;
  /**
   * All of it or nothing, at most 64 writes; resolves to the index of what was put, or to undefined when an `ifIndex` did not
   * hold. After a rejection it may have been done or not.
   */
  write(writes: readonly KvWrite[], signal: AbortSignal): Promise<number | undefined>;
};

/**
 * What fits into one `write`: Consul refuses a transaction longer than 512 KiB (`txn_max_req_len`), in which values are base64,
 * and more than 64 operations.
 */
export const writeLimits = { bytes: 300_000, writes: 60 };
