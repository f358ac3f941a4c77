/** Values by key, as many as fit; those that nobody has asked for the longest go first. */
export type Lru<V> = {
  /** Undefined where it is not held, or no longer good at `nowMs`. */
  get(key: string, nowMs: number): V | undefined;
  /** Holds a value that takes `bytes` of memory, until `untilMs`. */
  set(key: string, value: V, bytes: number, untilMs: number): void;
  delete(key: string): void;
  /** What all values take that are held. */
  bytes(): number;
  size(): number;
};

// The value is taken out of an entry that goes: a table that the Map has left behind would hold it until the next full
// collection (docs/decisions/0030-calls-die-young.md).
type Entry<V> = { value: V | undefined; readonly bytes: number; readonly untilMs: number };

export function createLru<V>(maxBytes: number): Lru<V> {
  // A Map gives its keys in the order of their insertion: the first one is the one used longest ago.
  const entries = new Map<string, Entry<V>>();
  let held = 0;

  function remove(key: string): void {
    const entry = entries.get(key);
    if (!entry) return;
    held -= entry.bytes;
    entry.value = undefined;
    entries.delete(key);
  }

  return {
    get(key, nowMs) {
      const entry = entries.get(key);
      if (!entry) return undefined;
      if (entry.untilMs <= nowMs) {
        remove(key);
        return undefined;
      }
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, bytes, untilMs) {
      remove(key);
      if (bytes > maxBytes) return;
      entries.set(key, { value, bytes, untilMs });
      held += bytes;
      for (const oldest of entries.keys()) {
        if (held <= maxBytes) return;
        remove(oldest);
      }
    },
    delete: remove,
    bytes: () => held,
    size: () => entries.size,
  };
}
