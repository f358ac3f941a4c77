import type { Kv, KvWrite } from "../../store/kv.ts";
import { parseJournalLine } from "../journal-entry.ts";
import type { JournalEntry } from "../policy-store.ts";

/** How many entries the store keeps; each replica's own file keeps all that it saw. */
export const journalKept = 1_000;
// Of an entry with more, the first are named: an entry has to fit into the transaction of its change.
const changesNamed = 1_000;
const alone = 20;
// Of that transaction, which also holds the head.
const mostBytes = 100_000;

/** An entry as it fits into the store, with room for its hashes: to be made so before it gets them. */
export function fitting(entry: JournalEntry, bytes = mostBytes - 1_000): JournalEntry {
  const named = entry.changes.slice(0, changesNamed);
  const whole = Buffer.byteLength(JSON.stringify({ ...entry, changes: named }));
  // All of what was, or nothing: a part of a revision cannot be gone back to.
  return whole <= bytes && named.length === entry.changes.length
    ? entry
    : { ...entry, changes: named.map(({ before: _, ...rest }) => rest) };
}

/** Adds an entry and lets go of the one that is too old. */
export function journalWrites(prefix: string, entry: JournalEntry): readonly KvWrite[] {
  const value = Buffer.from(JSON.stringify(fitting(entry, mostBytes)));
  const put: KvWrite = { kind: "put", key: keyOf(prefix, entry.revision), value };
  const old = entry.revision - journalKept;
  return old > 0 ? [put, { kind: "delete", key: keyOf(prefix, old) }] : [put];
}

/** The entries after one revision and up to another, oldest first; those that are gone or damaged are passed over. */
export async function readJournal(
  kv: Kv,
  prefix: string,
  { after, upTo }: { readonly after: number; readonly upTo: number },
  signal: AbortSignal,
): Promise<readonly JournalEntry[]> {
  if (upTo <= after) return [];
  const wanted = Array.from({ length: Math.min(alone, upTo - after) }, (_, offset) => after + 1 + offset);
  const readings =
    upTo - after <= alone
      ? await Promise.all(wanted.map((revision) => kv.read({ key: keyOf(prefix, revision) }, signal)))
      : [await kv.read({ key: `${prefix}/journal/`, below: true }, signal)];
  return readings
    .flatMap(({ entries }) => entries.flatMap(({ value }) => parseJournalLine(value.toString("utf8"))))
    .filter(({ revision }) => revision > after && revision <= upTo);
}

function keyOf(prefix: string, revision: number): string {
  return `${prefix}/journal/${String(revision).padStart(11, "0")}`;
}
