import { createHash } from "node:crypto";
import { sortedBy } from "../../lib/order.ts";
import { documentText } from "../state-text.ts";
import type { DocumentKey, StoredEntry, StoreState } from "../store-state.ts";

// A change of one document writes one leaf; a reader of all of 5,000 documents asks for some 200.
const leafBytes = 64 * 1024;

/**
 * The documents as texts of a bearable size, by the beginning of the hash of their keys: a text that grows too long is parted
 * by one more digit. The same documents give the same texts in every replica, and one that changes changes one text.
 */
export function leavesOf(documents: StoreState["documents"]): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>();
  const all = sortedBy(documents, ([key]) => key).map(([key, entry]) => ({ hash: hashOfKey(key), entry }));
  part("", all, leaves);
  return leaves;
}

type Hashed = { readonly hash: string; readonly entry: StoredEntry };

function part(prefix: string, entries: readonly Hashed[], leaves: Map<string, string>): void {
  if (entries.length === 0) return;
  const text = `[${entries.map(({ entry }) => documentText(entry)).join(",\n")}]`;
  if (text.length <= leafBytes || entries.length === 1 || prefix.length === 64) {
    leaves.set(prefix, text);
    return;
  }
  const byDigit = Map.groupBy(entries, ({ hash }) => hash.charAt(prefix.length));
  for (const [digit, group] of sortedBy(byDigit, ([digit]) => digit)) part(prefix + digit, group, leaves);
}

const hashes = new Map<DocumentKey, string>();

function hashOfKey(key: DocumentKey): string {
  const known = hashes.get(key);
  if (known !== undefined) return known;
  const hash = sha256(key);
  hashes.set(key, hash);
  return hash;
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
