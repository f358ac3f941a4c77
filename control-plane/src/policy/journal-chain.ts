import { createHash } from "node:crypto";
import { canonicalJson, type Json, type JsonObject } from "./documents/plain-json.ts";
import type { JournalEntry } from "./policy-store.ts";

/**
 * An entry that names the one before it by its hash, and has a hash of all that it says: whoever changes an entry has to
 * change every one that came after it too. `before` is the newest entry, or its hash; undefined for the first one.
 */
export function chained(entry: JournalEntry, before: JournalEntry | string | undefined): JournalEntry {
  const previous = before === undefined ? "" : typeof before === "string" ? before : hashOfEntry(before);
  const linked = { ...entry, previous };
  return { ...linked, hash: contentHash(jsonOf(linked)) };
}

/** Of an entry that is from before there were hashes: what the one after it names it by. */
export function hashOfEntry(entry: JournalEntry): string {
  return entry.hash ?? contentHash(jsonOf(entry));
}

/** SHA-256 in hexadecimal of an entry's JSON, however its keys are ordered, without its own hash. */
export function contentHash({ hash: _, ...content }: JsonObject): string {
  return createHash("sha256").update(canonicalJson(content)).digest("hex");
}

function jsonOf(entry: JournalEntry): JsonObject {
  return JSON.parse(JSON.stringify(entry)) as { readonly [key: string]: Json };
}
