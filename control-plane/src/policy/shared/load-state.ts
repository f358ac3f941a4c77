import { type Parsed, type Problem, parsed, problemText } from "../../lib/parsed.ts";
import type { Kv } from "../../store/kv.ts";
import { buildBook, emptyBook } from "../documents/book.ts";
import { parseDirectoryText, parseDocumentTexts } from "../state-text.ts";
import { type DocumentKey, keyOf, type StoredEntry, type StoreState } from "../store-state.ts";
import type { Head, StoredText } from "./head.ts";
import { sha256 } from "./leaves.ts";

/** What a head leads to, and the head. */
export type Known = { readonly head: Head; readonly state: StoreState };

export type Loaded =
  | { readonly kind: "loaded"; readonly state: StoreState }
  /** Something that the head names is not there: it was replaced meanwhile, or the store is damaged. */
  | { readonly kind: "gone"; readonly says: string }
  | { readonly kind: "damaged"; readonly says: string };

/** Reads what the head names and is not known yet. A document that did not change is the same object as before. */
export async function loadState(
  kv: Kv,
  head: Head,
  before: { readonly head: Head | undefined; readonly state: StoreState } | undefined,
  signal: AbortSignal,
): Promise<Loaded> {
  const documents = new Map<DocumentKey, StoredEntry>();
  const changed: (readonly [string, StoredText])[] = [];
  for (const [at, leaf] of head.leaves)
    if (before?.head?.leaves.get(at)?.sha256 !== leaf.sha256) changed.push([at, leaf]);
  const isKept = new Set([...head.leaves.keys()].filter((at) => changed.every(([other]) => other !== at)));
  if (before?.head) {
    const leafOf = leafFinder([...before.head.leaves.keys()]);
    for (const [key, entry] of before.state.documents) if (isKept.has(leafOf(key))) documents.set(key, entry);
  }
  const isSameDirectory = before?.head?.directory.sha256 === head.directory.sha256;
  const asked = [...changed.map(([, leaf]) => leaf), ...(isSameDirectory ? [] : [head.directory])];
  const texts = await readAll(kv, asked, signal);
  const missing = texts.find((each) => each.kind !== "text");
  if (missing) return missing;
  const read = texts.flatMap((each) => (each.kind === "text" ? each.text : []));
  for (const leaf of read.slice(0, changed.length)) {
    const entries = parsedOr(() => parseDocumentTexts(leaf));
    if (!entries.ok) return damaged(entries.problems);
    for (const entry of entries.value) {
      const key = keyOf(entry.stored);
      const old = before?.state.documents.get(key);
      documents.set(key, old?.stored.etag === entry.stored.etag && old.hash === entry.hash ? old : entry);
    }
  }
  const [directoryJson] = read.slice(changed.length);
  const directory =
    before && directoryJson === undefined
      ? parsed({ directory: before.state.directory, directoryPast: before.state.directoryPast })
      : parsedOr(() => parseDirectoryText(directoryJson ?? ""));
  if (!directory.ok) return damaged(directory.problems);
  const all = [...documents.values()].map((each) => each.parsed);
  const book = buildBook(before?.state.book ?? emptyBook, all, { revision: head.revision });
  if (!book.ok) return damaged(book.problems);
  return { kind: "loaded", state: { book: book.value, documents, ...directory.value } };
}

/** Which of these leaves a document is in: the one whose name its key's hash begins with. */
function leafFinder(leaves: readonly string[]): (key: DocumentKey) => string {
  const known = new Set(leaves);
  const longest = Math.max(0, ...leaves.map(({ length }) => length));
  return (key) => {
    const hash = sha256(key);
    for (let length = longest; length >= 0; length--)
      if (known.has(hash.slice(0, length))) return hash.slice(0, length);
    return "none";
  };
}

type Text = { readonly kind: "text"; readonly text: string } | Exclude<Loaded, { kind: "loaded" }>;

const atOnce = 8;

async function readAll(kv: Kv, texts: readonly StoredText[], signal: AbortSignal): Promise<readonly Text[]> {
  const results: Text[] = [];
  for (let from = 0; from < texts.length; from += atOnce)
    results.push(...(await Promise.all(texts.slice(from, from + atOnce).map((each) => readText(kv, each, signal)))));
  return results;
}

async function readText(kv: Kv, { sha256: expected, parts }: StoredText, signal: AbortSignal): Promise<Text> {
  const values: Buffer[] = [];
  for (const key of parts) {
    const value = (await kv.read({ key }, signal)).entries[0]?.value;
    if (!value) return { kind: "gone", says: `${key} is gone` };
    values.push(value);
  }
  const text = Buffer.concat(values).toString("utf8");
  if (sha256(text) === expected) return { kind: "text", text };
  return { kind: "damaged", says: `${parts.join(", ")}: not the content that was written (checksum)` };
}

function parsedOr<T>(parse: () => Parsed<T>): Parsed<T> {
  try {
    return parse();
  } catch (cause) {
    return { ok: false, problems: [{ at: "", says: cause instanceof Error ? cause.message : String(cause) }] };
  }
}

function damaged(problems: readonly Problem[]): Loaded {
  return { kind: "damaged", says: problems.slice(0, 5).map(problemText).join("; ") };
}
