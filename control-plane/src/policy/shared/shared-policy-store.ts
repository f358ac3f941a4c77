import { backoffMs } from "../../lib/backoff.ts";
import { createLatest } from "../../lib/latest.ts";
import { sortedBy } from "../../lib/order.ts";
import { StoreUnavailable } from "../../lib/store-unavailable.ts";
import { pause } from "../../lib/wait.ts";
import type { Book } from "../../model/world.ts";
import { followKv } from "../../store/follow-kv.ts";
import type { Kv } from "../../store/kv.ts";
import { decideChange } from "../decide-change.ts";
import { decideDirectory, type Held, heldBy } from "../decide-directory.ts";
import type { DirectoryWriter } from "../file-policy-store.ts";
import type { ChangeOutcome, JournalEntry, PolicyNote, PolicyStore, StoreStatus } from "../policy-store.ts";
import { keyOf, type StoreState } from "../store-state.ts";
import { openLocalCopy } from "./local-copy.ts";
import { overtakenBy } from "./overtaken.ts";
import { journalKept, readJournal } from "./shared-journal.ts";
import { createSharedState, type Look } from "./shared-state.ts";

// Each round was lost to another replica's write; more than a few at once is a loop, not an operator.
const rounds = 8;

/**
 * Keeps the documents in force in a store that all replicas share, and follows what the others write. A change is decided on
 * the newest documents and replaces exactly those; one that another replica overtook is decided again if it is about other
 * documents, and refused if not. `dir` holds a copy for when the store is away. Throws when `dir` is in use by another process.
 */
export async function createSharedPolicyStore({
  kv,
  prefix,
  dir,
  observe,
  now,
  monotonicMs,
}: {
  readonly kv: Kv;
  readonly prefix: string;
  readonly dir: string;
  readonly observe: (note: PolicyNote) => void;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
}): Promise<PolicyStore & DirectoryWriter> {
  const copy = await openLocalCopy(dir);
  if (copy.recovered !== undefined) observe({ kind: "documents-recovered", says: copy.recovered });
  const stop = new AbortController();
  const where = `${prefix} at ${kv.address}`;
  let entries: readonly JournalEntry[] = copy.journal.slice(-journalKept);
  const shared = createSharedState(
    { kv, prefix, restored: copy.known, alone: copy.alone?.state, entries: () => entries, now },
    stop.signal,
  );
  const books = createLatest<Book>();
  let seen = copy.seen;
  let health: Pick<StoreStatus, "state" | "since" | "cause"> = { state: "current", since: now() };
  let blindSinceMs: number | undefined;
  let recovering: Promise<void> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (stop.signal.aborted) return Promise.reject(new StoreUnavailable("the server is stopping"));
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  }

  function fails(state: "away" | "damaged", cause: Error): void {
    if (stop.signal.aborted) return;
    if (health.state !== state || (state === "damaged" && health.cause !== cause.message)) {
      observe(state === "away" ? { kind: "store-away", where, cause } : { kind: "store-damaged", where, cause });
      health = { state, since: now(), cause: cause.message };
    } else health = { ...health, cause: cause.message };
    blindSinceMs ??= monotonicMs();
    if (state === "away") recovering ??= recover();
  }

  /** The watch may not notice that something failed, and wait on for a change: so the store is asked again until it answers. */
  async function recover(): Promise<void> {
    for (let attempt = 0; health.state === "away" && !stop.signal.aborted; attempt++) {
      await pause(backoffMs(attempt, { baseMs: 200, maxMs: 2_000 }), stop.signal);
      if (!stop.signal.aborted) await inTurn(() => refresh()).catch(() => undefined);
    }
    recovering = undefined;
  }

  function answers(): void {
    if (health.state === "current") return;
    health = { state: "current", since: now() };
    const blindMs = monotonicMs() - (blindSinceMs ?? monotonicMs());
    blindSinceMs = undefined;
    observe({ kind: "store-back", where, revision: shared.current()?.book.revision ?? 0, blindMs });
  }

  /** Takes what the store holds; throws `StoreUnavailable` unless it is current then. */
  async function refresh(sight?: Parameters<typeof shared.look>[0]): Promise<void> {
    let look: Look;
    try {
      look = await shared.look(sight);
      if (!shared.head() && copy.alone && copy.alone.state.documents.size > 0) {
        // Whether it was taken or another replica was quicker, what counts is what is there now.
        await shared.replace(copy.alone.state, copy.alone.newest);
        look = await shared.look();
        await keep();
      }
    } catch (thrown) {
      const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
      fails("away", cause);
      throw unavailable(cause);
    }
    if (look.kind === "damaged") {
      const cause = new Error(look.says);
      fails("damaged", cause);
      throw unavailable(cause);
    }
    answers();
    if (look.kind === "put-back") observe({ kind: "store-put-back", where, revision: look.head.revision });
    if (look.kind === "moved") await follow(look);
    else publish();
  }

  async function follow({ from, to, head }: Extract<Look, { kind: "moved" }>): Promise<void> {
    publish();
    await keep();
    const after = entries.at(-1)?.revision ?? 0;
    // The documents are in force; the journal is for showing, and what of it is missed now is read with the next change.
    const { revision } = to.book;
    const added = await readJournal(kv, prefix, { after, upTo: revision }, stop.signal).catch(() => []);
    for (const entry of added) await remember(entry);
    if (from && from.book.revision !== revision) observe({ kind: "documents-followed", revision, by: head.by });
  }

  function publish(): void {
    const state = shared.current();
    if (state) books.set(state.book);
  }

  async function keep(): Promise<void> {
    const state = shared.current();
    const head = shared.head();
    if (!state || !head) return;
    await copy.keep({ head, state }).catch((cause) => observe({ kind: "store-copy-unsaved", file: copy.file, cause }));
  }

  async function remember(entry: JournalEntry): Promise<void> {
    entries = [...entries, entry].slice(-journalKept);
    await copy.append(entry).catch((cause) => observe({ kind: "store-copy-unsaved", file: copy.file, cause }));
  }

  function known(): StoreState {
    const state = shared.current();
    if (state) return state;
    throw new StoreUnavailable(
      `the documents are not known yet: ${where} has not answered since the start (${health.cause ?? "it is being asked"}), and this replica has no copy of its own`,
    );
  }

  function unavailable(cause: Error): StoreUnavailable {
    const kept = shared.current() ? `r${shared.current()?.book.revision} stays in force` : "nothing is known yet";
    return new StoreUnavailable(
      health.state === "damaged"
        ? `nothing was changed, because what the shared store holds cannot be right: ${cause.message}; ${kept}`
        : `nothing was changed, because the shared store does not answer: ${cause.message}; ${kept}. Repeat the change once weir status shows it as current`,
      { cause },
    );
  }

  async function replace(next: StoreState, made: JournalEntry | undefined): Promise<"replaced" | "lost"> {
    let outcome: Awaited<ReturnType<typeof shared.replace>>;
    try {
      outcome = await shared.replace(next, made);
    } catch (thrown) {
      const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
      fails("away", cause);
      throw cause instanceof StoreUnavailable ? cause : unavailable(cause);
    }
    if (outcome === "lost") return outcome;
    const { entry } = outcome;
    publish();
    await keep();
    if (entry) {
      await remember(entry);
      observe({ kind: "documents-changed", entry });
    }
    return "replaced";
  }

  async function change(request: Parameters<PolicyStore["change"]>[0]): Promise<ChangeOutcome> {
    const { by, through, validateOnly } = request;
    if (validateOnly) return decideChange(known(), request, now()).outcome;
    await refresh();
    for (let round = 0; round < rounds; round++) {
      const base = known();
      const { outcome, changed } = decideChange(base, request, now());
      if (outcome.kind === "refused") observe({ kind: "documents-refused", by, through, problems: outcome.problems });
      if (!changed || (await replace(changed.state, changed.entry)) === "replaced") return outcome;
      await refresh();
      const overtaken = overtakenBy(changed.entry, base, known());
      if (overtaken) return overtaken;
    }
    throw new StoreUnavailable("nothing was changed, because other replicas kept changing the documents: try again");
  }

  async function applyDirectory(documents: Parameters<DirectoryWriter["applyDirectory"]>[0]): Promise<ChangeOutcome> {
    await refresh();
    for (let round = 0; round < rounds; round++) {
      const author = { at: now(), by: "config directory" };
      const { outcome, next, changed, behind } = decideDirectory(known(), documents, author, seen);
      if (outcome.kind !== "done") return outcome;
      if (!next || (await replace(next, changed?.entry)) === "replaced") {
        if (behind.length > 0) observe({ kind: "directory-behind", documents: behind });
        await nowSeen(heldBy(documents));
        return outcome;
      }
      await refresh();
    }
    throw new StoreUnavailable("nothing was changed, because other replicas kept changing the documents: try again");
  }

  async function nowSeen(held: Held): Promise<void> {
    const before = seen;
    const isSame = held.size === before?.size && [...held].every(([key, hash]) => before.get(key) === hash);
    seen = held;
    if (!isSame)
      await copy.keepSeen(held).catch((cause) => observe({ kind: "store-copy-unsaved", file: copy.file, cause }));
  }

  async function followAll(): Promise<void> {
    for await (const sighting of followKv(kv, { key: `${prefix}/head` }, stop.signal)) {
      if (sighting.kind === "failed") fails("away", sighting.cause);
      // What went wrong is in `health` already.
      else await inTurn(() => refresh({ entry: sighting.reading.entries[0] })).catch(() => undefined);
    }
  }

  await refresh().catch(() => undefined);
  publish();
  const following = followAll();

  return {
    books,
    list: (kind) =>
      sortedBy(
        [...known().documents.values()].map(({ stored }) => stored).filter((stored) => stored.kind === kind),
        ({ name }) => name,
      ),
    get: (kind, name) => known().documents.get(keyOf({ kind, name }))?.stored,
    change: (request) => inTurn(() => change(request)),
    applyDirectory: (documents) => inTurn(() => applyDirectory(documents)),
    heldByDirectory: () => seen?.size ?? 0,
    journal: (limit) => entries.slice(-Math.max(0, limit)).reverse(),
    status: () => ({ kind: "consul", where, ...health, isKnown: shared.current() !== undefined }),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await following;
      await recovering;
      await last;
      await copy[Symbol.asyncDispose]();
    },
  };
}
