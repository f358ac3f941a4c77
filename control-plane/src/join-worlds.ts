import { createLatest, type Latest } from "./lib/latest.ts";
import { aborted } from "./lib/wait.ts";
import { type Distances, noDistances } from "./model/distances.ts";
import type { ServiceName } from "./model/names.ts";
import type { Book, World } from "./model/world.ts";
import { nothingPaced, type Pace, pace } from "./pacing/pace.ts";
import { type PaceNote, paceNotes } from "./pacing/pace-notes.ts";
import { nextExpiry, worldParts } from "./policy/world-parts.ts";
import { type Configured, type Demand, demandOf } from "./sources/demand.ts";
import type { Feed, FeedKey, FeedStates } from "./sources/feed.ts";
import { gate } from "./sources/gate.ts";
import type { GuardNote } from "./sources/guard/guard-note.ts";
import type { GuardRow } from "./sources/guard/guard-overview.ts";
import type { Guarding } from "./sources/guard/guarding.ts";
import type { RefusedNote } from "./sources/guard/screen-static.ts";
import { type Merged, merge, nothingMerged } from "./sources/merge.ts";
import { type ServiceNote, serviceNotes } from "./sources/service-notes.ts";

/** What is known now, whether or not it may be served yet. */
export type Knowledge = {
  readonly book: Book;
  readonly demand: Demand;
  readonly states: FeedStates;
  /** What is believed of them: with what is held back, and not with what is not served yet. */
  readonly believed: FeedStates;
  readonly merged: Merged;
};

export type JoinedWorlds = {
  /** What the documents ask of the sources. */
  readonly demand: Latest<ReadonlyMap<FeedKey, Feed>>;
  readonly knowledge: Latest<Knowledge>;
  /** The worlds to serve; none before the gate opened. */
  readonly worlds: Latest<World>;
  /** Feeds that the gate still waits for; undefined once it has opened. */
  waitingFor(): readonly FeedKey[] | undefined;
  /** How far each source is believed, for each service. */
  guarded(): readonly GuardRow[];
  /** Believes what is held back of a service; gives what that was. */
  confirm(service: ServiceName, author: { readonly by: string; readonly reason: string }): readonly GuardRow[];
  /** Endpoints of documents that no client may be sent to. */
  refused(): readonly RefusedNote[];
  /**
   * The world that would be served at once if these were the documents in force: without what would have to be asked of
   * sources first. Undefined before anything is served.
   */
  preview(book: Book): World | undefined;
};

// Node takes a longer timer for one of 1 ms; an override may expire later than that.
const longestTimerMs = 2 ** 31 - 1;

/**
 * Joins the documents and what the sources say to the worlds to serve: a new one whenever either changes, an override expires,
 * or it is time to use more of what came back.
 */
export function joinWorlds(
  {
    books,
    configured,
    follow,
    guarding,
    distances,
    observe,
    now,
    monotonicMs,
  }: {
    readonly books: Latest<Book>;
    readonly configured: Configured;
    readonly follow: (demand: Latest<ReadonlyMap<FeedKey, Feed>>) => Latest<FeedStates>;
    readonly guarding: Guarding;
    /** How far regions are from each other, as it is known by now. */
    readonly distances: Latest<Distances>;
    readonly observe: (note: ServiceNote | GuardNote | PaceNote) => void;
    readonly now: () => Date;
    readonly monotonicMs: () => number;
  },
  signal: AbortSignal,
): JoinedWorlds {
  const demands = createLatest<ReadonlyMap<FeedKey, Feed>>();
  const knowledge = createLatest<Knowledge>();
  const worlds = createLatest<World>();
  const feedStates = follow(demands);
  let merged: Merged = nothingMerged;
  let demand: Demand | undefined;
  let demandFor: Book["services"] | undefined;
  let waiting: readonly FeedKey[] | undefined = [];
  let expiry: NodeJS.Timeout | undefined;
  let paced: Pace = nothingPaced;
  let pacing: NodeJS.Timeout | undefined;
  let told: Knowledge | undefined;
  let asking: NodeJS.Timeout | undefined;

  function join(confirmed?: ServiceName): void {
    const book = books.current();
    if (book === undefined) return;
    if (demand === undefined || demandFor !== book.services) {
      demand = guarding.screen(demandOf(book.services, configured));
      demandFor = book.services;
      demands.set(demand.feeds);
    }
    const states = feedStates.current() ?? new Map();
    const believed = guarding.believe(demand, states, confirmed);
    askAgain();
    merged = merge(merged, book.services, demand, believed);
    const known = { book, demand, states, believed, merged };
    knowledge.set(known);
    if (waiting !== undefined) {
      const verdict = gate(demand.feeds, states);
      waiting = verdict.kind === "hold" ? verdict.waitingFor : undefined;
    }
    // Before the gate opens everything is waited for.
    if (waiting !== undefined) return;
    for (const note of serviceNotes(told, known)) observe(note);
    told = known;
    publish(book);
  }

  function askAgain(): void {
    clearTimeout(asking);
    const inMs = guarding.nextInMs();
    if (inMs !== undefined) asking = setTimeout(() => join(), Math.min(longestTimerMs, inMs + 1)).unref();
  }

  function publish(book: Book): void {
    const { catalog } = merged;
    const heldBefore = paced.held;
    const parts = { revision: book.revision, catalog, ...worldParts(book, now()) };
    paced = pace(paced, parts, monotonicMs());
    for (const note of paceNotes(heldBefore, paced.held)) observe(note);
    paceAgain();
    const world: World = { ...parts, held: paced.held, distances: distances.current() ?? noDistances };
    const before = worlds.current();
    if (before === undefined || !isSame(before, world)) worlds.set(world);
    clearTimeout(expiry);
    const next = nextExpiry(book, now());
    if (next !== undefined)
      expiry = setTimeout(() => join(), Math.min(longestTimerMs, next.getTime() - now().getTime() + 1)).unref();
  }

  function paceAgain(): void {
    clearTimeout(pacing);
    if (paced.nextMs === undefined) return;
    const inMs = Math.max(0, paced.nextMs - monotonicMs());
    pacing = setTimeout(() => join(), Math.min(longestTimerMs, inMs + 1)).unref();
  }

  async function rejoinOn(changes: AsyncIterable<unknown>): Promise<void> {
    for await (const _ of changes) join();
  }

  void rejoinOn(books.changes(signal));
  void rejoinOn(feedStates.changes(signal));
  void rejoinOn(distances.changes(signal));
  void aborted(signal).then(() => {
    clearTimeout(expiry);
    clearTimeout(asking);
    clearTimeout(pacing);
  });
  const guarded = () => {
    const { demand: asked, states } = knowledge.current() ?? {};
    return asked && states ? guarding.overview(asked, states) : [];
  };
  return {
    demand: demands,
    knowledge,
    worlds,
    waitingFor: () => waiting,
    guarded,
    confirm(service, author) {
      const rows = guarded().filter((row) => row.service === service && row.held.length > 0);
      if (rows.length === 0) return rows;
      observe({ kind: "guard-confirmed", service, ...author });
      join(service);
      return rows;
    },
    refused: guarding.refused,
    preview(book) {
      const [known, served] = [knowledge.current(), worlds.current()];
      if (known === undefined || served === undefined) return undefined;
      const wanted = guarding.preview(demandOf(book.services, configured));
      const { catalog } = merge(known.merged, book.services, wanted, known.believed);
      return { revision: book.revision, catalog, ...worldParts(book, now(), served) };
    },
  };
}

/** Equal parts are the same objects. */
function isSame(a: World, b: World): boolean {
  return (Object.keys(a) as (keyof World)[]).every((part) => a[part] === b[part]);
}
