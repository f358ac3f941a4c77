import type { Latest } from "../lib/latest.ts";
import type { JournalEntry } from "../policy/policy-store.ts";
import type { Clients } from "../serve/clients.ts";
import type { ChangeNote } from "./note.ts";

const patienceMs = 60_000;
/** Changes that one published world may bring together; of more, the oldest are not told of. */
const most = 1_000;

/** Tells of each accepted change when every client has answered, or that some did not within a minute. Ends with the signal. */
export async function followConvergence(
  {
    published,
    journal,
    settled,
    observe,
    now,
    withinMs = patienceMs,
  }: {
    /** The newest world that every viewer has been given. */
    readonly published: Latest<{ readonly revision: number }>;
    /** Newest first. */
    readonly journal: (limit: number) => readonly JournalEntry[];
    readonly settled: Clients["settled"];
    readonly observe: (note: ChangeNote) => void;
    readonly now: () => Date;
    readonly withinMs?: number;
  },
  signal: AbortSignal,
): Promise<void> {
  const started = now();
  let told = -1;
  for await (const { revision } of published.changes(signal)) {
    // What was in force before this process is nobody's news.
    const entries = journal(most).filter(
      (entry) => entry.revision > told && entry.revision <= revision && entry.at >= started,
    );
    told = revision;
    if (entries.length === 0) continue;
    const { acked, of } = await settled(withinMs, signal);
    if (signal.aborted) return;
    for (const entry of entries.toReversed()) {
      const about = { revision: entry.revision, tookMs: now().getTime() - entry.at.getTime(), clients: of };
      observe(acked === of ? { kind: "converged", ...about } : { kind: "not-converged", ...about, acked });
    }
  }
}
