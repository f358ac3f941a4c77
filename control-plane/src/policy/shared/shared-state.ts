import { randomUUID } from "node:crypto";
import { type Parsed, problemText } from "../../lib/parsed.ts";
import { StoreUnavailable } from "../../lib/store-unavailable.ts";
import type { Kv, KvEntry, KvWrite } from "../../store/kv.ts";
import { writeLimits } from "../../store/kv.ts";
import { chained } from "../journal-chain.ts";
import type { JournalEntry } from "../policy-store.ts";
import { emptyState, type StoreState } from "../store-state.ts";
import { type Head, headText, parseHead } from "./head.ts";
import { type Known, loadState } from "./load-state.ts";
import { fitting, journalWrites } from "./shared-journal.ts";
import { folderOf, sequenceOf, stage } from "./stage.ts";

/** How a look at the store ended; what is in force has changed only with `moved`. */
export type Look =
  | { readonly kind: "same" }
  | { readonly kind: "moved"; readonly from: StoreState | undefined; readonly to: StoreState; readonly head: Head }
  /** It had lost its head and was given ours. */
  | { readonly kind: "put-back"; readonly head: Head }
  | { readonly kind: "damaged"; readonly says: string };

/**
 * What all replicas share: read, and replaced by compare-and-set of its head. Not to be called while another call is under way.
 * Rejects when the store does not answer.
 */
export type SharedState = {
  /** Undefined before anything was read or restored. */
  current(): StoreState | undefined;
  head(): Head | undefined;
  /** Takes what the store holds now; `seen` is the head as a watch has just read it. */
  look(seen?: { readonly entry: KvEntry | undefined }): Promise<Look>;
  /**
   * Replaces what was last looked at; `lost` when another replica did so first. The entry is given back as it stands in the
   * journal, with its hashes. Throws `StoreUnavailable`.
   */
  replace(
    next: StoreState,
    change: JournalEntry | undefined,
  ): Promise<{ readonly entry: JournalEntry | undefined } | "lost">;
};

export function createSharedState(
  {
    kv,
    prefix,
    restored,
    alone,
    entries,
    now,
  }: {
    readonly kv: Kv;
    readonly prefix: string;
    /** From this replica's own disk. */
    readonly restored: Known | undefined;
    /** What is in force while the store holds nothing. */
    readonly alone?: StoreState | undefined;
    /** The journal as far as it is known here, for a store that has lost it. */
    readonly entries: () => readonly JournalEntry[];
    readonly now: () => Date;
  },
  signal: AbortSignal,
): SharedState {
  const headKey = `${prefix}/head`;
  let state = restored?.state;
  let head = restored?.head;
  let index = 0;
  let sweepsDue = 0;

  async function readHead(): Promise<KvEntry | undefined> {
    const { entries: found } = await kv.read({ key: headKey, consistent: true }, signal);
    return found[0];
  }

  async function look(seen?: { readonly entry: KvEntry | undefined }): Promise<Look> {
    // A watch's answer may have been under way while this replica wrote: only what is new at first sight is believed.
    let entry = seen && isAhead(seen.entry) ? seen.entry : await readHead();
    for (let attempt = 0; attempt < 5; attempt++) {
      const look = await take(entry);
      if (look !== "again") return look;
      entry = await readHead();
    }
    throw new Error(`${headKey} changes faster than it can be read`);
  }

  function isAhead(entry: KvEntry | undefined): boolean {
    const read = entry && headOf(entry);
    return read?.ok === true && (head === undefined || read.value.sequence > head.sequence);
  }

  async function take(entry: KvEntry | undefined): Promise<Look | "again"> {
    if (!entry) return head ? putBack(head, 0) : begin();
    const read = headOf(entry);
    if (!read.ok) return damaged(`${headKey} ${read.problems.map(problemText).join("; ")}`);
    const next = read.value;
    if (head && next.token === head.token) {
      index = entry.index;
      return { kind: "same" };
    }
    if (head && (next.sequence <= head.sequence || next.revision < head.revision)) {
      const isOlderPutBack = next.restoredFrom !== undefined && next.sequence === next.restoredFrom + 1;
      if (isOlderPutBack && next.revision < head.revision) return putBack(head, entry.index);
      return damaged(wentBack(headKey, head, next));
    }
    const loaded = await loadState(kv, next, state && { head, state }, signal);
    if (loaded.kind === "gone") {
      const again = await readHead();
      return again?.index === entry.index ? damaged(loaded.says) : "again";
    }
    if (loaded.kind === "damaged") return damaged(loaded.says);
    const from = state;
    state = loaded.state;
    head = next;
    index = entry.index;
    return { kind: "moved", from, to: state, head };
  }

  function begin(): Look {
    index = 0;
    if (state) return { kind: "same" };
    state = alone ?? emptyState;
    return { kind: "moved", from: undefined, to: state, head: emptyHead(now()) };
  }

  /** The store has lost everything, or was given something older by a replica that knew no better. */
  async function putBack(mine: Head, ifIndex: number): Promise<Look | "again"> {
    if (!state) return "again";
    const restoredFrom = mine.sequence;
    const written = await write(state, { ...mine, restoredFrom }, undefined, ifIndex, []);
    if (written === "lost") return "again";
    for (const each of entries()) await kv.write(journalWrites(prefix, each), signal);
    return { kind: "put-back", head: written };
  }

  async function write(
    next: StoreState,
    about: Pick<Head, "sequence" | "revision" | "by" | "at" | "journal" | "restoredFrom">,
    before: Head | undefined,
    ifIndex: number,
    besides: readonly KvWrite[],
  ): Promise<Head | "lost"> {
    const token = randomUUID();
    const sequence = about.sequence + 1;
    const { batches, ...named } = stage(next, before, { folder: folderOf(prefix, sequence, token) });
    const fresh: Head = { ...about, sequence, token, ...named };
    const value = Buffer.from(headText(fresh));
    if (value.length > writeLimits.bytes / 2)
      throw new StoreUnavailable(`the documents are too many for ${headKey} (${value.length} bytes to name them all)`);
    for (const batch of batches) await kv.write(batch, signal);
    const put: KvWrite = { kind: "put", key: headKey, value, ifIndex };
    const written = await kv.write([put, ...besides], signal).catch((cause) => outcomeOf(fresh, ifIndex, cause));
    if (written !== undefined) {
      state = next;
      head = fresh;
      index = written;
    }
    void sweepMeanwhile();
    return written === undefined ? "lost" : fresh;
  }

  /** No answer came: was it taken? A head that is still the one before may yet be replaced by what is on its way. */
  async function outcomeOf(mine: Head, ifIndex: number, cause: unknown): Promise<number | undefined> {
    const entry = await readHead().catch(() => undefined);
    const read = entry && headOf(entry);
    if (entry && read?.ok && read.value.token === mine.token) return entry.index;
    if (entry && entry.index !== ifIndex) return undefined;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StoreUnavailable(
      `it is not known whether the change was taken, because the answer did not come (${why}): look at weir history, and repeat the change if it is not there`,
      { cause },
    );
  }

  /** What was written is not in force before `write` returns: it does not wait for this, nor for a store that has just gone away. */
  async function sweepMeanwhile(): Promise<void> {
    sweepsDue += 1;
    if (sweepsDue > 1) return;
    for (let done = 0; done < sweepsDue; ) {
      done = sweepsDue;
      await sweep().catch(() => undefined);
    }
    sweepsDue = 0;
  }

  /** Removes what no head names any more or ever will: what writers up to this head's sequence left. Readers that miss it look again. */
  async function sweep(): Promise<void> {
    if (!head) return;
    const { sequence, leaves, directory } = head;
    const named = new Set([...leaves.values(), directory].flatMap(({ parts }) => parts));
    const keys = await kv.keys(`${prefix}/blobs/`, signal);
    const garbage = keys.filter((key) => !named.has(key) && (sequenceOf(prefix, key) ?? sequence + 1) <= sequence);
    for (let from = 0; from < garbage.length; from += writeLimits.writes) {
      const some = garbage.slice(from, from + writeLimits.writes);
      await kv.write(
        some.map((key) => ({ kind: "delete", key })),
        signal,
      );
    }
  }

  return {
    current: () => state,
    head: () => head,
    look,
    async replace(next, change) {
      const about = change ?? head ?? emptyHead(now());
      const { by, at } = about;
      const { revision } = next.book;
      const { sequence } = head ?? { sequence: 0 };
      const newest = head?.journal ?? entries().findLast((each) => each.revision < next.book.revision);
      // One that this process made while it was alone has its hash already.
      const entry = change && (change.hash === undefined ? chained(fitting(change), newest) : change);
      const journal = entry?.hash ?? head?.journal;
      const besides = entry ? journalWrites(prefix, entry) : [];
      const fresh = { sequence, revision, by, at, ...(journal !== undefined && { journal }) };
      const written = await write(next, fresh, head, index, besides);
      return written === "lost" ? "lost" : { entry };
    },
  };
}

function headOf(entry: KvEntry): Parsed<Head> {
  return parseHead(entry.value.toString("utf8"));
}

function emptyHead(at: Date): Head {
  const directory = { sha256: "", parts: [] };
  return { sequence: 0, revision: 0, token: "", by: "", at, leaves: new Map(), directory };
}

function damaged(says: string): Look {
  return { kind: "damaged", says };
}

function wentBack(key: string, mine: Head, found: Head): string {
  return `${key} went back from r${mine.revision} (change ${mine.sequence}) to r${found.revision} (change ${found.sequence}), as when an older copy is restored; to go on with r${mine.revision}, delete that key and it is put back; to go on with r${found.revision}, stop all replicas, remove documents/*shared.state in their data directories, and start them`;
}
