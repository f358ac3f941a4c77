import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { pause } from "../../lib/wait.ts";
import { happeningOf } from "../ejection-shapes.ts";
import type { OperatorParts } from "../parts.ts";
import { revisionOf } from "../revision-shape.ts";
import { sourceShape } from "../source-routes.ts";
import { withinBytes } from "../within-bytes.ts";
import { clientHappenings, type SeenClients, seenClients } from "./client-happenings.ts";
import { clientsEvent } from "./clients-event.ts";
import { eventText } from "./event-text.ts";
import { createOverviewChannel } from "./overview-channel.ts";
import { overviewNow } from "./overview-now.ts";
import { type Position, parsePosition, positionText } from "./position.ts";
import { trafficEvent } from "./traffic-event.ts";

/** Gets each piece of the stream; `end` is the last that it hears. */
export type Listener = { take(text: string): void; end(): void };

/** `events`: what happens, for everybody. `page`: how things are and what changes of it, for the page. */
export type Told = "events" | "page";

export type EventHub = {
  /** Undefined when there are as many as there may be. Calling it ends the listening. */
  listen(listener: Listener, after: string | undefined, told?: Told): (() => void) | undefined;
};

// Together below 20 kB a second, with what traffic and clients take.
const bytesOfRevisions = 2_000;
const bytesOfSources = 1_500;
const bytesOfEjections = 700;
const mostListeners = 100;
const keptForResuming = 300;
const mostRevisionsAgain = 200;
const sourcesEveryMs = 5_000;
const heartbeatEveryMs = 10_000;

/**
 * One stream of what happens, for all who listen: looked at once per `everyMs`, whoever listens, and not at all while nobody
 * does.
 */
export function createEventHub(
  parts: OperatorParts,
  { everyMs = 1_000, now = () => new Date() }: { readonly everyMs?: number; readonly now?: () => Date },
  closing: AbortSignal,
): EventHub {
  const listeners = { events: new Set<Listener>(), page: new Set<Listener>() };
  const overview = createOverviewChannel({ look: () => overviewNow(parts), now });
  // Sequence numbers begin anew with each process.
  const process = randomUUID().slice(0, 8);
  let sequence = 0;
  let toldRevision = revisionNow();
  let toldEjections = parts.running.ejections().happened;
  let seen: SeenClients | undefined;
  let told: { clients?: unknown; sources?: unknown; sourcesAt: number; heartbeatAt: number } = {
    sourcesAt: 0,
    heartbeatAt: 0,
  };
  let recent: { readonly sequence: number; readonly text: string }[] = [];
  let isRunning = false;

  function revisionNow(): number {
    return parts.policies.books.current()?.revision ?? 0;
  }

  function position(): Position {
    return { revision: toldRevision, process, sequence };
  }

  /** Kept for those who come back. */
  function happened(event: string, data: unknown): string {
    sequence++;
    const text = eventText({ event, id: positionText(position()), data });
    recent = [...recent, { sequence, text }].slice(-keptForResuming);
    return text;
  }

  function revisionsAfter(revision: number) {
    const entries = parts.policies.journal(1_000).filter((each) => each.revision > revision);
    return entries.reverse().map((entry) => {
      const { changes, ...rest } = revisionOf(entry);
      const { kept, leftOut } = withinBytes(changes, 600);
      return { ...rest, reason: rest.reason.slice(0, 300), changes: kept, changesLeftOut: leftOut };
    });
  }

  function newRevisions(): string[] {
    if (revisionNow() === toldRevision) return [];
    // At least one, lest a long one is in the way of all others.
    const all = revisionsAfter(toldRevision);
    const { kept } = withinBytes(all, bytesOfRevisions);
    const some = kept.length > 0 ? kept : all.slice(0, 1);
    return some.map((each) => {
      toldRevision = each.revision;
      return happened("revision", each);
    });
  }

  /** What was changed while nobody listened is kept for who comes back; where that is too much, coming back begins anew. */
  function catchUp(): void {
    // What clients ejected meanwhile stands in GET /v1/ejections.
    toldEjections = parts.running.ejections().happened;
    if (revisionNow() - toldRevision <= mostRevisionsAgain) {
      while (newRevisions().length > 0);
      return;
    }
    toldRevision = revisionNow();
    sequence++;
    recent = [];
  }

  function clientsNow(): string[] {
    const clients = parts.clients.list();
    const current = seenClients(clients);
    const data = clientsEvent(clients, clientHappenings(seen ?? current, current), now());
    seen = current;
    const { at: _, ...rest } = data;
    if (isDeepStrictEqual(rest, told.clients)) return [];
    told = { ...told, clients: { ...rest, came: [], went: [], nacks: [], leftOut: {} } };
    return [happened("clients", data)];
  }

  function sourcesData() {
    const sources = parts.sources().map(sourceShape);
    const shown = sources.map(({ skipped, ...rest }) => ({ ...rest, skipped: skipped.length }));
    const { kept, leftOut } = withinBytes(shown, bytesOfSources);
    return { at: now().toISOString(), store: parts.policies.status().state, sources: kept, leftOut };
  }

  /** What does not fit now is told in the next second. */
  function ejectionsNow(): string[] {
    const { happenings, happened: count } = parts.running.ejections();
    const news = happenings.slice(happenings.length - Math.min(happenings.length, count - toldEjections));
    if (news.length === 0) return [];
    const { kept } = withinBytes(news.map(happeningOf), bytesOfEjections);
    const events = kept.length > 0 ? kept : news.slice(0, 1).map(happeningOf);
    toldEjections = count - news.length + events.length;
    return [happened("ejections", { at: now().toISOString(), events })];
  }

  function sourcesNow(at: number): string[] {
    const data = sourcesData();
    const lasting = {
      store: data.store,
      sources: data.sources.map(({ ageSeconds: _age, since: _since, lastSeen: _seen, lagMs: _lag, ...rest }) => rest),
    };
    if (at - told.sourcesAt < sourcesEveryMs && isDeepStrictEqual(lasting, told.sources)) return [];
    told = { ...told, sources: lasting, sourcesAt: at };
    return [eventText({ event: "sources", data })];
  }

  function heartbeat(at: number): string[] {
    if (at - told.heartbeatAt < heartbeatEveryMs) return [];
    told = { ...told, heartbeatAt: at };
    return [`: ${now().toISOString()}\n\n`];
  }

  function look(): string {
    const at = performance.now();
    const traffic = eventText({ event: "traffic", data: trafficEvent(parts, now()) });
    return [...newRevisions(), ...clientsNow(), ...ejectionsNow(), ...sourcesNow(at), traffic, ...heartbeat(at)].join(
      "",
    );
  }

  function count(): number {
    return listeners.events.size + listeners.page.size;
  }

  async function run(): Promise<void> {
    isRunning = true;
    try {
      while (count() > 0 && !closing.aborted) {
        await pause(everyMs, closing);
        if (count() === 0 || closing.aborted) break;
        if (listeners.events.size > 0) tell(listeners.events, look());
        if (listeners.page.size > 0) tell(listeners.page, overview.step());
      }
    } finally {
      isRunning = false;
      for (const some of [listeners.events, listeners.page]) {
        for (const listener of [...some]) listener.end();
        some.clear();
      }
    }
  }

  /** What happened since `after` is told again as far as it is known; then how things are. */
  function beginning(after: string | undefined): string {
    const from = after === undefined ? undefined : parsePosition(after);
    const again = from?.process === process ? recent.filter((each) => each.sequence > from.sequence) : [];
    const isWhole = from?.process === process && (again[0]?.sequence ?? sequence + 1) === from.sequence + 1;
    const missed =
      from && !isWhole ? revisionsAfter(from.revision).filter((each) => each.revision <= toldRevision) : [];
    const areRevisions =
      from !== undefined && missed.length <= mostRevisionsAgain && from.revision + missed.length === toldRevision;
    const resumed = isWhole ? "all" : areRevisions ? "revisions" : "none";
    const hello = { at: now().toISOString(), version: parts.version, revision: toldRevision, resumed };
    const clients = clientsEvent(parts.clients.list(), { came: [], went: [], nacks: [] }, now());
    return [
      "retry: 1000\n\n",
      eventText({ event: "hello", data: hello }),
      ...(resumed === "all" ? again.map(({ text }) => text) : []),
      ...(resumed === "revisions" ? missed.map((each) => eventText({ event: "revision", data: each })) : []),
      eventText({ event: "clients", id: positionText(position()), data: clients }),
      eventText({ event: "sources", data: sourcesData() }),
      eventText({ event: "traffic", data: trafficEvent(parts, now()) }),
    ].join("");
  }

  return {
    listen(listener, after, told = "events") {
      if (count() >= mostListeners || closing.aborted) return undefined;
      const among = listeners[told];
      if (told === "page") listener.take(overview.beginning(after, among.size === 0));
      else {
        if (among.size === 0) catchUp();
        listener.take(beginning(after));
      }
      among.add(listener);
      if (!isRunning) void run();
      return () => among.delete(listener);
    },
  };
}

function tell(listeners: ReadonlySet<Listener>, text: string): void {
  for (const listener of [...listeners]) listener.take(text);
}
