import type { Changed } from "../model/change-report.ts";
import type { ReportKey } from "../model/names.ts";
import type { Clock } from "../ports/clock.ts";
import type { PeerStore } from "../ports/peer-store.ts";
import {
  type ChangeOf,
  type Created,
  type Creation,
  type Cursor,
  type Removed,
  type ReportPage,
  type ReportQuery,
  type ReportStore,
  requestIdMs,
} from "../ports/report-store.ts";
import type { Stores } from "../ports/stores.ts";
import { askInTurn, type Home, homesOf } from "./home-of.ts";
import { timeAt } from "./time-at.ts";
import { within } from "./within.ts";

// A create does not wait longer to learn what another data center knows of its request id.
const lookupMs = 300;
const listMs = 1_000;

const nothing: ReportPage = { reports: [], next: undefined };

/**
 * The reports of all data centers. What is created is created here; a report of another data center is read and changed
 * there, or in its replica here.
 */
export function reachPeers(
  own: ReportStore,
  clock: Clock,
  datacenter: string,
  peers: readonly PeerStore[],
): ReportStore {
  const here: Written = { reports: own, clock };
  const homes = (key: ReportKey) => homesOf(key.id, datacenter, peers);

  /** A report under an id that a client has chosen is changed where it is; changing waits for no server that lacks it. */
  async function whereWritten(home: Home, key: ReportKey): Promise<Written | undefined> {
    if (home.kind === "own") return here;
    const [likeliest] = homes(key);
    if (likeliest.kind === "own" && !(await home.peer.read(key))) return undefined;
    return home.peer.stores();
  }

  async function change(key: ReportKey, asked: ChangeOf["change"], nowMs: number): Promise<Changed | undefined> {
    return askInTurn(homes(key), async (home) => {
      const stores = await whereWritten(home, key);
      return stores?.reports.change(key, asked, timeAt(stores, clock, nowMs));
    });
  }

  /** Those that another data center's replica here knows of; one that is away is not waited for. */
  async function repeatedElsewhere(creations: readonly Creation[]): Promise<ReadonlyMap<Creation, Created>> {
    const asked = creations.flatMap((creation) => {
      const { request, report } = creation;
      return request ? [{ creation, request, tenant: report.tenant, id: request.id }] : [];
    });
    const found = new Map<Creation, Created>();
    if (asked.length === 0) return found;
    const near = peers.filter((peer) => peer.state().readable === "here");
    const answers = await Promise.all(
      near.map((peer) => within(peer.findRequests(asked), lookupMs).catch(() => undefined)),
    );
    for (const answer of answers) {
      for (const [index, { creation, request }] of asked.entries()) {
        const known = answer?.[index];
        if (!known || creation.report.createdAtMs - known.createdAtMs >= requestIdMs) continue;
        const kind = known.bodyHash === request.bodyHash ? "repeated" : "other-body";
        found.set(creation, { kind, report: known.report });
      }
    }
    return found;
  }

  return {
    async create(creations, limits, signal) {
      const elsewhere = await repeatedElsewhere(creations);
      const rest = creations.filter((creation) => !elsewhere.has(creation));
      const created = (rest.length > 0 ? await own.create(rest, limits, signal) : []).values();
      return creations.map((creation) => {
        const answer = elsewhere.get(creation) ?? created.next().value;
        if (!answer) throw new Error("the store has not answered every create");
        return answer;
      });
    },
    read: (key, signal) =>
      askInTurn(homes(key), (home) => (home.kind === "own" ? own.read(key, signal) : home.peer.read(key, signal))),
    async list(query, signal) {
      const readable = peers.filter((peer) => peer.state().readable !== "nowhere");
      // A peer that fails now is left out, as one that is away: the own list must not depend on it.
      const others = readable.map((peer) => within(peer.list(query, signal), listMs).catch(() => nothing));
      return merged(await Promise.all([own.list(query, signal), ...others]), query);
    },
    change,
    async changeAll(changes, nowMs) {
      const groups = Map.groupBy(changes.keys(), (index) => storeOf(homes((changes[index] as ChangeOf).key)[0]));
      const results: (Changed | undefined)[] = changes.map(() => undefined);
      const writing = [...groups].map(async ([store, indexes]) => {
        const group = indexes.map((index) => changes[index] as ChangeOf);
        const stores = store === "own" ? here : await store.stores();
        const answers = await stores.reports.changeAll(group, timeAt(stores, clock, nowMs));
        for (const [nth, index] of indexes.entries()) results[index] = answers[nth];
      });
      await Promise.all(writing);
      // What is not where it most likely was. One by one: there may be several changes of one report.
      for (const [index, { key, change: asked }] of changes.entries()) {
        if (!results[index] && homes(key).length > 1) results[index] = await change(key, asked, nowMs);
      }
      return results;
    },
    async remove(key, sequence) {
      const removed = await askInTurn<Removed>(homes(key), async (home) => {
        const answer = await (await whereWritten(home, key))?.reports.remove(key, sequence);
        return answer === "unknown" ? undefined : answer;
      });
      return removed ?? "unknown";
    },
    async *follow(key, afterSequence, signal) {
      const [only, ...more] = homes(key);
      const home =
        more.length === 0
          ? only
          : await askInTurn(homes(key), async (one) => {
              const found = await (one.kind === "own" ? own : one.peer).read(key, signal);
              return found && one;
            });
      if (home) yield* (home.kind === "own" ? own : home.peer).follow(key, afterSequence, signal);
    },
  };
}

type Written = Pick<Stores, "reports" | "clock">;

function storeOf(home: Home): "own" | PeerStore {
  return home.kind === "own" ? "own" : home.peer;
}

/**
 * All lists have this order and begin after the same place, and so has the one of all of them, as far as the one that was
 * looked through least.
 */
function merged(pages: readonly ReportPage[], { order, limit }: ReportQuery): ReportPage {
  const sign = order === "oldest-first" ? 1 : -1;
  const compare = (a: Cursor, b: Cursor) =>
    sign * (a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const [edge] = pages.flatMap(({ next }) => next ?? []).sort(compare);
  const known = pages
    .flatMap(({ reports }) => reports)
    .filter((report) => !edge || compare(report, edge) <= 0)
    .sort(compare);
  const reports = known.slice(0, limit);
  return { reports, next: known.length > limit ? reports.at(-1) : edge };
}
