import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import type { Kv } from "./kv.ts";

/** Texts by id that are forgotten after a while, at all replicas where they share a store. */
export type Shelf = {
  readonly keptMs: number;
  /** Who will find it: every replica, or this one alone because there is no store, it does not answer, or the text is too long. Never rejects. */
  put(id: string, text: string): Promise<"every-replica" | "this-replica">;
  /** Undefined: it was never there, or is forgotten. Never rejects. */
  get(id: string): Promise<string | undefined>;
};

export type ShelfLimits = {
  readonly keptMs: number;
  /** Of this process's own. */
  readonly most: number;
  readonly mostCharacters: number;
  /** In the shared store. */
  readonly mostShared: number;
};

type Entry = { readonly text: string; readonly atMs: number };

// Consul's own bound for a value is 512 KiB; a shelf is no place for such.
const longestSharedBytes = 200_000;
const sweepMs = 60_000;
const mostDeletes = 60;
const packed = promisify(gzip);
const unpacked = promisify(gunzip);

/** `shared.folder` ends with a slash; ids are letters, digits and dashes. `now` is the store's time of day. */
export function createShelf(
  {
    limits,
    now,
    shared,
  }: {
    readonly limits: ShelfLimits;
    readonly now: () => Date;
    readonly shared: { readonly kv: Kv; readonly folder: string } | undefined;
  },
  signal: AbortSignal,
): Shelf {
  const entries = new Map<string, Entry>();
  let characters = 0;
  let sweptMs = Number.NEGATIVE_INFINITY;

  function forget(id: string): void {
    characters -= entries.get(id)?.text.length ?? 0;
    entries.delete(id);
  }

  /** The oldest go first: a map keeps its order. */
  function makeRoom(): void {
    for (const [id, { atMs }] of entries) {
      const isFull = entries.size > limits.most || characters > limits.mostCharacters;
      if (!isFull && now().getTime() - atMs <= limits.keptMs) return;
      forget(id);
    }
  }

  // Keys say how old they are, so that nobody has to read values to forget them.
  const spanAt = (ms: number) => Math.floor(ms / limits.keptMs);
  const keyOf = (folder: string, span: number, id: string) => `${folder}${String(span).padStart(12, "0")}/${id}`;

  async function sweep({ kv, folder }: NonNullable<typeof shared>): Promise<void> {
    const nowMs = now().getTime();
    if (nowMs - sweptMs < sweepMs) return;
    sweptMs = nowMs;
    const keys = [...(await kv.keys(folder, signal))].sort();
    const oldest = keyOf(folder, spanAt(nowMs) - 1, "");
    const old = keys.filter((key, index) => key < oldest || index < keys.length - limits.mostShared);
    for (let from = 0; from < old.length; from += mostDeletes)
      await kv.write(
        old.slice(from, from + mostDeletes).map((key) => ({ kind: "delete", key })),
        signal,
      );
  }

  return {
    keptMs: limits.keptMs,
    async put(id, text) {
      const atMs = now().getTime();
      forget(id);
      entries.set(id, { text, atMs });
      characters += text.length;
      makeRoom();
      if (shared === undefined) return "this-replica";
      try {
        const value = await packed(JSON.stringify({ atMs, text }));
        if (value.length > longestSharedBytes) return "this-replica";
        await shared.kv.write([{ kind: "put", key: keyOf(shared.folder, spanAt(atMs), id), value }], signal);
        void sweep(shared).catch(() => undefined);
        return "every-replica";
      } catch {
        return "this-replica";
      }
    },
    async get(id) {
      makeRoom();
      const entry = entries.get(id);
      const nowMs = now().getTime();
      if (entry !== undefined) return nowMs - entry.atMs <= limits.keptMs ? entry.text : undefined;
      if (shared === undefined || !/^[A-Za-z0-9-]{1,200}$/.test(id)) return undefined;
      for (const span of [spanAt(nowMs), spanAt(nowMs) - 1]) {
        const found = await readOne(shared.kv, keyOf(shared.folder, span, id));
        if (found !== undefined) return nowMs - found.atMs <= limits.keptMs ? found.text : undefined;
      }
      return undefined;
    },
  };

  async function readOne(kv: Kv, key: string): Promise<Entry | undefined> {
    try {
      const [entry] = (await kv.read({ key }, signal)).entries;
      if (entry === undefined) return undefined;
      const { atMs, text } = JSON.parse((await unpacked(entry.value)).toString("utf8")) as Partial<Entry>;
      return typeof atMs === "number" && typeof text === "string" ? { atMs, text } : undefined;
    } catch {
      return undefined;
    }
  }
}
