import type { Kv, KvEntry } from "./kv.ts";

export type MemoryKv = Omit<Kv, "write"> & {
  /** A test may put its own before it. */
  write: Kv["write"];
  /** From now on every call rejects with this, until undefined is given. */
  fail(says: string | undefined): void;
  /** Called before each write is done, with nothing decided yet: where a test lets others go first. */
  beforeWrite: (() => Promise<void>) | undefined;
  /** Loses everything, and its index, as a wiped server does. */
  wipe(): void;
};

/** A store within this process that behaves as Consul's KV does, for tests. */
export function createMemoryKv(): MemoryKv {
  const entries = new Map<string, KvEntry>();
  let index = 1;
  let life = 0;
  let failing: string | undefined;
  let wakers = new Set<() => void>();

  function changed(): void {
    const woken = wakers;
    wakers = new Set();
    for (const wake of woken) wake();
  }

  function failIfAsked(): void {
    if (failing !== undefined) throw new Error(failing);
  }

  function found(key: string, below: boolean): readonly KvEntry[] {
    return [...entries.values()].filter((entry) => (below ? entry.key.startsWith(key) : entry.key === key));
  }

  const kv: MemoryKv = {
    address: "memory",
    beforeWrite: undefined,
    async read({ key, below = false, wait }, signal) {
      failIfAsked();
      const born = life;
      const until = performance.now() + (wait?.waitMs ?? 0);
      while (wait && index <= wait.index && performance.now() < until && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, until - performance.now());
          const wake = () => {
            clearTimeout(timer);
            resolve();
          };
          wakers.add(wake);
          signal.addEventListener("abort", wake, { once: true });
        });
        failIfAsked();
        if (life !== born) throw new Error("the server ended");
      }
      signal.throwIfAborted();
      return { entries: found(key, below), index };
    },
    async keys(prefix) {
      failIfAsked();
      return found(prefix, true).map(({ key }) => key);
    },
    async write(writes) {
      await kv.beforeWrite?.();
      failIfAsked();
      const holds = writes.every(
        (write) =>
          write.kind === "delete" ||
          write.ifIndex === undefined ||
          (entries.get(write.key)?.index ?? 0) === write.ifIndex,
      );
      if (!holds) return undefined;
      index++;
      for (const write of writes) {
        if (write.kind === "put") entries.set(write.key, { key: write.key, value: write.value, index });
        else entries.delete(write.key);
      }
      changed();
      return index;
    },
    fail(says) {
      failing = says;
      changed();
    },
    wipe() {
      entries.clear();
      index = 1;
      life++;
      changed();
    },
    async [Symbol.asyncDispose]() {},
  };
  return kv;
}
