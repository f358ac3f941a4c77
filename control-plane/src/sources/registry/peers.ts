import { createLatest } from "../../lib/latest.ts";
import { problemText } from "../../lib/parsed.ts";
import { StoreUnavailable } from "../../lib/store-unavailable.ts";
import { followKv } from "../../store/follow-kv.ts";
import type { Kv, KvEntry, KvReading } from "../../store/kv.ts";
import type { SourceNote } from "../feed.ts";
import { createWriteBehind } from "../write-behind.ts";
import { createBeats } from "./beats.ts";
import type { Clock, Lease } from "./lease.ts";
import {
  type Announcement,
  afterAnnouncements,
  type Bucket,
  bucketOf,
  bucketText,
  emptyBucket,
  parseBucket,
} from "./member-bucket.ts";

/** The other replicas, as the registry of one of them sees them. */
export type Peers = AsyncDisposable & {
  /** Tells all of an instance that is new, has changed or is gone, soon and together with others. */
  announce(key: string, announcement: Announcement): void;
  /** Tells all that an instance has renewed its lease here. */
  renewed(key: string): void;
  /** Is what the others hear known here? While it is not, nobody's silence means anything. */
  isCurrent(): boolean;
  /** Throws `StoreUnavailable` when nothing could be announced now. */
  check(): Promise<void>;
  /** Resolves when all that was announced is told; throws `StoreUnavailable` when it cannot be told now, and it is tried on. */
  settled(): Promise<void>;
  /** Resolves once it is known what is registered, or the signal aborts. */
  known(signal: AbortSignal): Promise<void>;
  isKnown(): boolean;
};

/** What the registry does with what others say. */
export type PeersTable = {
  leases(): ReadonlyMap<string, Lease>;
  /** `before`: who was in this bucket when it was last seen; `own` is what is still to be told of. */
  seen(bucket: Bucket, before: ReadonlySet<string>, own: ReadonlyMap<string, Announcement>): void;
  heard(key: string, agoMs: number): void;
  /** What the others hear is known again. */
  regained(): void;
};

const rounds = 8;

/**
 * Shares registrations with other replicas: who is there in 64 keys, each replaced by compare-and-set and only when somebody comes,
 * changes or goes; who has renewed in one key for each replica, written once for all its renewals of two seconds.
 */
export function createPeers({
  kv,
  prefix,
  clock,
  observe,
  table,
  restored,
  beatMs,
}: {
  readonly kv: Kv;
  readonly prefix: string;
  readonly clock: () => Clock;
  readonly observe: (note: SourceNote) => void;
  readonly table: PeersTable;
  /** The keys of what was known by this replica's own disk. */
  readonly restored: Iterable<string>;
  readonly beatMs: number;
}): Peers {
  const folder = `${prefix}/registry/members/`;
  const stop = new AbortController();
  const buckets = new Map<string, { readonly index: number; readonly bucket: Bucket }>();
  const before = new Map<string, Set<string>>();
  for (const key of restored) membersBefore(bucketOf(key)).add(key);
  const pending = new Map<string, Announcement>();
  const isKnown = createLatest<boolean>();
  let lastIndex = 0;
  let failing: Error | undefined;

  const writing = createWriteBehind({ write: flush, failed: fails, delayMs: 100 });
  const beats = createBeats({ kv, prefix, clock, table, beatMs, signal: stop.signal });

  function membersBefore(at: string): Set<string> {
    const known = before.get(at) ?? new Set();
    before.set(at, known);
    return known;
  }

  function fails(cause: Error): void {
    failing = cause;
    observe({ kind: "registry-unshared", where: `${folder} at ${kv.address}`, cause });
  }

  async function flush(): Promise<void> {
    const byBucket = Map.groupBy(pending, ([key]) => bucketOf(key));
    for (const [at, told] of byBucket) {
      await write(at, told);
      for (const [key, announcement] of told) if (pending.get(key) === announcement) pending.delete(key);
    }
    failing = undefined;
  }

  async function write(at: string, told: readonly (readonly [string, Announcement])[]): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      const { index = 0, bucket = emptyBucket } = buckets.get(at) ?? {};
      const next = afterAnnouncements(bucket, told);
      const value = Buffer.from(bucketText(next));
      const written = await kv.write([{ kind: "put", key: folder + at, value, ifIndex: index }], stop.signal);
      if (written !== undefined) {
        remember(at, written, next);
        return;
      }
      const { entries } = await kv.read({ key: folder + at, consistent: true }, stop.signal);
      if (entries[0]) take(at, entries[0]);
      else buckets.delete(at);
    }
    throw new Error(`${folder}${at} changes faster than it can be written`);
  }

  function remember(at: string, index: number, bucket: Bucket): void {
    buckets.set(at, { index, bucket });
    before.set(at, new Set(bucket.members.keys()));
  }

  /** What a key says now; one that is damaged is written anew with what is known here. */
  function take(at: string, { value, index }: KvEntry, isRewound = false): void {
    const read = parseBucket(value.toString("utf8"), clock());
    if (!read.ok) {
      const cause = new Error(read.problems.slice(0, 5).map(problemText).join("; "));
      observe({ kind: "registry-unshared", where: `${folder}${at} at ${kv.address}`, cause });
      buckets.set(at, { index, bucket: emptyBucket });
      restore(at);
      return;
    }
    // Who is missing in what was restored is not gone.
    const known = isRewound ? new Set<string>() : new Set(membersBefore(at));
    remember(at, index, read.value);
    table.seen(read.value, known, new Map([...pending].filter(([key]) => bucketOf(key) === at)));
  }

  /** The key was lost, or what it said: everybody who is known here is announced again. */
  function restore(at: string): void {
    for (const [key, lease] of table.leases())
      if (bucketOf(key) === at && !pending.has(key)) announce(key, { kind: "put", lease });
  }

  function announce(key: string, announcement: Announcement): void {
    pending.delete(key);
    pending.set(key, announcement);
    writing.touch();
  }

  function takeAll({ entries, index }: KvReading): void {
    const isRewound = index < lastIndex;
    lastIndex = index;
    const there = new Set<string>();
    for (const entry of entries) {
      const at = entry.key.slice(folder.length);
      there.add(at);
      const known = buckets.get(at);
      // What was read before this replica's own last write is older than that; after a restoration all indexes are.
      if (known && (isRewound ? known.index === entry.index : entry.index <= known.index)) continue;
      take(at, entry, isRewound);
      if (isRewound) restore(at);
    }
    for (const at of new Set([...buckets.keys(), ...before.keys()])) {
      if (there.has(at) || (buckets.get(at)?.index ?? 0) > index) continue;
      buckets.delete(at);
      restore(at);
    }
    isKnown.set(true);
    if (failing && pending.size > 0) void flush().catch(fails);
  }

  async function follow(): Promise<void> {
    for await (const sighting of followKv(kv, { key: folder, below: true }, stop.signal))
      if (sighting.kind === "seen") takeAll(sighting.reading);
  }

  const following = follow();
  return {
    announce,
    renewed: beats.renewed,
    isCurrent: beats.isCurrent,
    async check() {
      await kv.read({ key: `${folder}00`, consistent: true }, stop.signal).catch((cause: Error) => {
        throw new StoreUnavailable(
          `nothing was changed, because the other replicas cannot be told: the shared store does not answer (${cause.message}). Repeat it once weir status shows it as current`,
          { cause },
        );
      });
    },
    async settled() {
      await flush().catch((cause: Error) => {
        fails(cause);
        throw new StoreUnavailable(
          `this is in force here, but the other replicas could not be told yet (${cause.message}); that is tried again until it succeeds`,
          { cause },
        );
      });
    },
    async known(signal) {
      for await (const _ of isKnown.changes(signal)) return;
    },
    isKnown: () => isKnown.current() ?? false,
    async [Symbol.asyncDispose]() {
      // What is still to be told goes out first, if it can.
      await writing[Symbol.asyncDispose]();
      stop.abort();
      await following;
      await beats[Symbol.asyncDispose]();
    },
  };
}
