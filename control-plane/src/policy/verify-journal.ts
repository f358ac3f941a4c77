import { isJsonObject, type JsonObject } from "./documents/plain-json.ts";
import { contentHash } from "./journal-chain.ts";

/** What a journal is found to be. */
export type JournalVerdict = {
  readonly entries: number;
  /** The newest entry. */
  readonly head: { readonly revision: number; readonly hash: string } | undefined;
  /** Entries from before there were hashes: nothing shows that they are as they were. */
  readonly withoutHash: number;
  /** Lines that are no entry, as one that was being written when the power failed: were it one that is missing, the next would show it. */
  readonly torn: number;
  /** What was changed, put in or taken out, in words; empty for a journal that is as it was written. */
  readonly problems: readonly string[];
  /** Every hash that stands in it and is right. */
  readonly hashes: ReadonlySet<string>;
};

/**
 * Checks the lines of a journal, oldest first: each entry against its own hash, and against the one before it. `numberedBy`: of
 * acts, `act`.
 */
export function verifyJournal(lines: Iterable<string>, numberedBy: "revision" | "act" = "revision"): JournalVerdict {
  const named = numberedBy === "revision" ? "r" : "a";
  const problems: string[] = [];
  const hashes = new Set<string>();
  let before: { readonly revision: number; readonly hash: string } | undefined;
  let entries = 0;
  let withoutHash = 0;
  let torn = 0;
  let number = 0;
  for (const line of lines) {
    number += 1;
    if (line.trim() === "") continue;
    const entry = entryOf(line, numberedBy);
    if (!entry) {
      torn += 1;
      continue;
    }
    entries += 1;
    const { revision, previous, hash } = entry.said;
    const right = contentHash(entry.json);
    const name = `${named}${revision} (line ${number})`;
    if (hash === undefined) {
      withoutHash += 1;
      if (hashes.size > 0)
        problems.push(`${name} has no hash, though entries before it have: it was put in or changed`);
    } else if (hash !== right) problems.push(`${name} was changed after it was written: its content has another hash`);
    else hashes.add(hash);
    if (before && hash !== undefined && previous !== before.hash)
      problems.push(
        revision === before.revision + 1
          ? `${name} does not follow ${named}${before.revision} as that is now: one of them was changed`
          : `between ${named}${before.revision} and ${name} entries are missing`,
      );
    before = { revision, hash: hash ?? right };
  }
  return { entries, head: before, withoutHash, torn, problems, hashes };
}

function entryOf(line: string, numberedBy: "revision" | "act") {
  let json: JsonObject;
  try {
    const parsed: unknown = JSON.parse(line);
    if (!isJsonObject(parsed)) return undefined;
    json = parsed;
  } catch {
    return undefined;
  }
  const { [numberedBy]: revision, previous, hash } = json;
  if (typeof revision !== "number") return undefined;
  const said = {
    revision,
    previous: typeof previous === "string" ? previous : undefined,
    hash: typeof hash === "string" ? hash : undefined,
  };
  return { json, said };
}
