import { setTimeout as delay } from "node:timers/promises";
import { isMadeIn } from "../model/report-id.ts";
import { HomeUnavailable } from "../ports/home-unavailable.ts";
import type { PeerNote, PeerState, PeerStore } from "../ports/peer-store.ts";
import type { ReportEvent } from "../ports/report-store.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import type { Stores } from "../ports/stores.ts";
import type { Addresses } from "./connect.ts";
import { findRequests } from "./find-requests.ts";
import { rememberingLists } from "./list-reports.ts";
import { openPostgresStore } from "./open-store.ts";
import { createPeerServer, type PeerServer } from "./peer-server.ts";
import { type Looks, newestTimeline, peerStateOf, type SeenPeer } from "./peer-state.ts";
import { readEvents } from "./report-events.ts";
import { readReport, readSucceeded } from "./report-rows.ts";
import { defaultSettings } from "./settings.ts";
import { createPostgresUploads } from "./upload-store.ts";

export type PeerSettings = {
  readonly datacenter: string;
  /** Its replica in this data center. */
  readonly here: string;
  /** Its servers over there. */
  readonly there: Addresses;
};

type Reading<T> = (server: PeerServer) => Promise<T>;
type Writer = { readonly address: string; readonly store: Promise<Stores & AsyncDisposable> };

const lookMs = 1_000;
// A standby cannot LISTEN: who follows a report there looks this often.
const followMs = 500;
const retryAfterMs = 2_000;
const writerPool = { max: 20, maxIdle: 5, lifetimeMs: 5 * 60_000 };

/** The Postgres of another data center. Opening it waits for nothing: it is asked once a second from now on. */
export function openPostgresPeer(
  { datacenter, here: hereAddress, there: thereAddresses }: PeerSettings,
  observe: (note: PeerNote) => void,
): PeerStore & AsyncDisposable {
  const closed = new AbortController();
  const here = createPeerServer(hereAddress);
  const there = thereAddresses.map(createPeerServer);
  let newestSeen = 0;
  let writer: Writer | undefined;
  let told: string | undefined;
  let lastFailure: string | undefined;

  /** Of now, and so with what has failed since the last look. */
  function seen(): SeenPeer {
    const looks: Looks = { here: here.look(), there: there.map((one) => one.look()) };
    newestSeen = newestTimeline(looks, newestSeen);
    return peerStateOf(looks, newestSeen);
  }

  function state(): PeerState {
    const { readable, writable, lagMs } = seen();
    return { readable, writable, ...(lagMs !== undefined && { lagMs }) };
  }

  async function run(): Promise<void> {
    while (!closed.signal.aborted) {
      await Promise.all([here, ...there].map((one) => one.lookAgain()));
      const { readable, writable, lagMs, why } = seen();
      if (told !== `${readable} ${writable}`) {
        told = `${readable} ${writable}`;
        observe({
          ...{ kind: "peer-changed", datacenter, readable, writable, why },
          ...(lagMs !== undefined && { lagMs }),
        });
      }
      await delay(lookMs, undefined, { signal: closed.signal, ref: false }).catch(() => undefined);
    }
  }

  async function reading<T>(work: Reading<T>): Promise<T> {
    const { readable, readThere, why } = seen();
    const server = readable === "here" ? here : readable === "there" ? there[readThere] : undefined;
    if (!server) throw unreadable(why);
    return readingFrom(server, work);
  }

  async function readingFrom<T>(server: PeerServer, work: Reading<T>): Promise<T> {
    try {
      return await work(server);
    } catch (cause) {
      if (!(cause instanceof StoreUnavailable)) throw cause;
      server.suspect(cause);
      throw unreadable(cause.message, cause);
    }
  }

  function unreadable(why: string, cause?: unknown): HomeUnavailable {
    return new HomeUnavailable(datacenter, `data center ${datacenter} cannot be read: ${why}`, retryAfterMs, cause);
  }

  /**
   * What a standby does not know yet may be known to the primary that it follows, which is asked then; nobody else can say
   * that it is not there. Ids that clients have chosen are not worth the way: most of those are another data center's.
   */
  async function readingNewest<T>(
    id: string,
    work: Reading<T | undefined>,
    isKnown: (found: T) => boolean = () => true,
  ): Promise<T | undefined> {
    const found = await reading(work);
    if ((found !== undefined && isKnown(found)) || !isMadeIn(datacenter, id)) return found;
    const { readable, writable, writeThere, why } = seen();
    if (readable === writable) return found;
    const primary = writable === "there" ? there[writeThere] : undefined;
    if (!primary) throw unreadable(`its replica, which may be behind, does not know ${id}; ${why}`);
    return readingFrom(primary, work);
  }

  async function stores(): Promise<Stores> {
    const { writable, writeThere, why } = seen();
    const address = writable === "here" ? hereAddress : writable === "there" ? thereAddresses[writeThere] : undefined;
    if (address === undefined) {
      const message = `data center ${datacenter} takes no changes from here and now (${why})`;
      throw new HomeUnavailable(datacenter, message, retryAfterMs);
    }
    if (writer?.address !== address) {
      void close(writer);
      writer = { address, store: openPostgresStore({ ...defaultSettings, addresses: [address], pool: writerPool }) };
    }
    const opening = writer;
    try {
      const store = await opening.store;
      lastFailure = undefined;
      return store;
    } catch (cause) {
      if (writer === opening) writer = undefined;
      // Everyone else fails at once, until the next look: workers ask again and again.
      (writable === "here" ? here : there[writeThere])?.suspect(cause);
      if (lastFailure !== (cause as Error).message) observe({ kind: "peer-failed", datacenter, cause: cause as Error });
      lastFailure = (cause as Error).message;
      const message = `data center ${datacenter} takes no changes: ${(cause as Error).message}`;
      throw new HomeUnavailable(datacenter, message, retryAfterMs, cause);
    }
  }

  const listReports = rememberingLists();
  const running = run();
  return {
    datacenter,
    state,
    read: (key, signal) =>
      readingNewest(key.id, async ({ database }) => (await readReport(database, key, signal))?.report),
    list: (query, signal) => reading(({ database }) => listReports(database, query, signal)),
    async *follow(key, afterSequence, signal): AsyncGenerator<ReportEvent, void> {
      let sequence = afterSequence;
      while (!signal.aborted) {
        const found = await readingNewest(key.id, ({ database }) => readEvents(database, key, sequence));
        if (!found) return;
        for (const event of found.events) {
          yield event;
          sequence = event.sequence;
        }
        if (found.ended && found.sequence <= sequence) return;
        if (found.sequence > sequence) continue;
        await delay(followMs, undefined, { signal, ref: false }).catch(() => undefined);
      }
    },
    readUpload: (key, signal) =>
      readingNewest(
        key.id,
        ({ database }) => createPostgresUploads(database).read(key, signal),
        ({ completedAtMs }) => completedAtMs !== undefined,
      ),
    succeeded: (expireMs, limit) => reading(({ database }) => readSucceeded(database, expireMs, limit)),
    findRequests: (requests) => reading(({ database }) => findRequests(database, requests)),
    stores,
    async [Symbol.asyncDispose]() {
      closed.abort();
      await running;
      await close(writer);
      await Promise.all([here, ...there].map((one) => one[Symbol.asyncDispose]()));
    },
  };
}

async function close(writer: Writer | undefined): Promise<void> {
  await writer?.store.then((store) => store[Symbol.asyncDispose]()).catch(() => undefined);
}
