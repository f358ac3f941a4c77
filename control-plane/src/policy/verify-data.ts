import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafely } from "./backends/safe-file.ts";
import { valueAt } from "./documents/plain-json.ts";
import { type JournalVerdict, verifyJournal } from "./verify-journal.ts";

/**
 * Checks the journal of a data directory, and that it ends with what the documents beside it were last changed by. It may
 * belong to a running server. Throws when there is no journal.
 */
export async function verifyData(data: string): Promise<JournalVerdict> {
  const path = join(data, "documents", "journal.ndjson");
  // First what is ahead: a change that is made meanwhile is then in the journal, too.
  const kept = await lastChange(join(data, "documents"));
  const text = await readFile(path, "utf8").catch((cause: Error) =>
    Promise.reject(
      new Error(`cannot read the journal: ${cause.message}; name the directory that --data of weir serve names`),
    ),
  );
  const verdict = verifyJournal(text.split("\n"));
  const { head, hashes } = verdict;
  if (!kept || hashes.has(kept.hash)) return verdict;
  const says = `the documents were last changed by r${kept.revision} with the hash ${kept.hash}, which the journal does not have${head ? `: it ends with r${head.revision}` : ""}`;
  return { ...verdict, problems: [...verdict.problems, says] };
}

/** The same for what no document holds: the journal of acts beside it; undefined where there is none. */
export async function verifyActs(data: string): Promise<JournalVerdict | undefined> {
  const path = join(data, "documents", "acts.ndjson");
  try {
    return verifyJournal((await readFile(path, "utf8")).split("\n"), "act");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw new Error(`cannot read the journal of acts: ${(cause as Error).message}`);
  }
}

/** As the state file beside the journal has it; undefined where none has hashes yet. */
async function lastChange(dir: string): Promise<{ readonly revision: unknown; readonly hash: string } | undefined> {
  const state = await jsonOf(join(dir, "documents.state"));
  const shared = await jsonOf(join(dir, "shared.state"));
  // One that several replicas share is known by its head, which is JSON in JSON.
  const head = valueAt(shared, ["head"]);
  const from = typeof head === "string" ? (JSON.parse(head) as unknown) : valueAt(state, ["newest"]);
  const hash = valueAt(from, typeof head === "string" ? ["journal"] : ["hash"]);
  return typeof hash === "string" ? { revision: valueAt(from, ["revision"]), hash } : undefined;
}

async function jsonOf(path: string): Promise<unknown> {
  const reading = await readSafely(path);
  return reading.kind === "good" ? (JSON.parse(reading.text) as unknown) : undefined;
}
