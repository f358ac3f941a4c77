/**
 * What all servers remember together: text by key. It may forget anything at any time, and where it cannot be reached it
 * soon answers as if it held nothing; it never throws.
 */
export type SharedCache = {
  get(key: string): Promise<string | undefined>;
  /** Keeps it for `ttlMs`, but not what any server has told to `forget` within the last minute: the text may be older. */
  put(key: string, text: string, ttlMs: number): Promise<void>;
  /** From its return on no server gets it, if the cache can be reached; otherwise as soon as it can be. */
  forget(keys: readonly string[]): Promise<void>;
  /** Calls `listener` with each key that another server forgets; what is told while the line is cut is lost. */
  onForget(listener: (key: string) => void): Disposable;
};

/** Where a report that was asked for came from: this server's memory, the cache that servers share, or the store. */
export type CacheNote = { readonly kind: "report-read"; readonly from: "memory" | "shared" | "store" };
