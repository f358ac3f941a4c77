import { join } from "node:path";
import { createLatest, type Latest } from "../../lib/latest.ts";
import { sortedBy } from "../../lib/order.ts";
import { pause } from "../../lib/wait.ts";
import type { EndpointId, ServiceName } from "../../model/names.ts";
import type { Endpoint } from "../../model/service.ts";
import type { Kv } from "../../store/kv.ts";
import type { RegistryFeed, Sighting, SourceNote, WatchFeed } from "../feed.ts";
import { sameEndpoint } from "../keep-identity.ts";
import { registrySource } from "../source-names.ts";
import { createWriteBehind } from "../write-behind.ts";
import { writeWhole } from "../write-whole.ts";
import { spareOf, usualBeatMs } from "./beats.ts";
import { afterPut, type Clock, endpointsOf, type Lease, leaseKey, nextEndMs } from "./lease.ts";
import type { Bucket } from "./member-bucket.ts";
import { createPeers } from "./peers.ts";
import { readRegistry, registryText } from "./registry-file.ts";

export type Registration = {
  readonly service: ServiceName;
  readonly endpoint: Endpoint;
  /** By the wall clock; undefined: until removed. */
  readonly expires: Date | undefined;
  readonly registeredAt: Date;
  readonly renewedAt: Date;
};

/** The built-in registry: an instance says that it is there, and says so again before its lease ends. */
export type Registry = AsyncDisposable & {
  /**
   * Registers or renews; `leaseSeconds` 0 is until removed. Resolves at once for a lease, since its owner will renew it, and
   * when it is on the disk for what is until removed.
   */
  put(service: ServiceName, endpoint: Endpoint, leaseSeconds: number): Promise<"created" | "renewed">;
  /** False when there is no such endpoint. */
  remove(service: ServiceName, id: EndpointId): Promise<boolean>;
  /** It gets no new requests from now on, and stays until removed or its lease ends. False when there is no such endpoint. */
  drain(service: ServiceName, id: EndpointId): Promise<boolean>;
  /** In the order of their registration. */
  list(): readonly Registration[];
  get(service: ServiceName, id: EndpointId): Registration | undefined;
  readonly watch: WatchFeed<RegistryFeed>;
};

export type RegistryOptions = {
  readonly dir: string;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
  readonly observe: (note: SourceNote) => void;
  /** After a damaged file: how long instances have to register again before what is registered counts as all there is. */
  readonly graceMs?: number;
  /** The store and the prefix that other replicas share; undefined: this process is alone. */
  readonly shared?: { readonly kv: Kv; readonly prefix: string; readonly beatMs?: number } | undefined;
};

// A tick later than this is not the timer's doing: the process was stopped, or its machine slept.
const lateMs = 500;
const tickMs = 1_000;
const mostWithdrawn = 1_000;
// What the other replicas know is there at once, or the store is away and what is on the disk counts.
const startMs = 3_000;

/** Reads what was saved, and every lease begins anew. Rejects when the directory cannot be used. */
export async function createRegistry({
  dir,
  now,
  monotonicMs,
  observe,
  graceMs = 30_000,
  shared,
}: RegistryOptions): Promise<Registry> {
  const alone = join(dir, "registry.json");
  const file = shared ? join(dir, "shared-registry.json") : alone;
  const clock = (): Clock => ({ now: now(), monotonicMs: monotonicMs() });
  const own = await readRegistry(file, registrySource, clock());
  // A process that was alone brings what it knows with it.
  const joins = shared !== undefined && own.kind === "read" && !own.isThere;
  const saved = joins ? await readRegistry(alone, registrySource, clock()) : own;
  if (saved.kind === "damaged") observe({ kind: "registry-damaged", file, keptAs: saved.keptAs, cause: saved.cause });
  const blind =
    saved.kind === "damaged" && !shared ? { untilMs: monotonicMs() + graceMs, cause: saved.cause } : undefined;

  const leases = new Map<string, Lease>(
    (saved.kind === "read" ? saved.leases : []).map((lease) => [leaseKey(lease.service, lease.endpoint.id), lease]),
  );
  const keysOf = new Map<string, Set<string>>();
  const latest = new Map<string, Latest<readonly Endpoint[]>>();
  const withdrawn = new Map<string, Set<EndpointId>>();
  for (const [key, { service }] of leases) addKey(service, key);

  const store = createWriteBehind({
    write: () => writeWhole(file, registryText(leases.values())),
    failed: (cause) => observe({ kind: "registry-unsaved", file, cause }),
    delayMs: 50,
  });
  const stop = new AbortController();
  const leased = createLatest<object>({});
  const { beatMs = usualBeatMs } = shared ?? {};
  const spareMs = shared ? spareOf(beatMs) : 0;
  const heardHere = new Map<string, number>();
  const peers =
    shared &&
    createPeers({
      ...{ ...shared, clock, observe },
      table: { leases: () => leases, seen, heard, regained },
      restored: joins ? [] : leases.keys(),
      beatMs,
    });
  if (joins) for (const [key, lease] of leases) peers?.announce(key, { kind: "put", lease });
  if (peers) {
    const soon = AbortSignal.timeout(startMs);
    await peers.known(soon);
  }
  // That nobody is registered is knowledge too, for a start without the store.
  void peers?.known(stop.signal).then(() => store.touch());
  const isRestored = saved.kind === "read" && saved.isThere;
  const ticking = tick(stop.signal);

  function addKey(service: string, key: string): void {
    const keys = keysOf.get(service) ?? new Set();
    keysOf.set(service, keys.add(key));
  }

  function endpointsNow(service: string): readonly Endpoint[] {
    const own = [...(keysOf.get(service) ?? [])].flatMap((key) => leases.get(key) ?? []);
    return endpointsOf(own);
  }

  function changed(service: string): void {
    latest.get(service)?.set(endpointsNow(service));
    store.touch();
  }

  function forget(key: string, { service }: Lease): void {
    leases.delete(key);
    heardHere.delete(key);
    const keys = keysOf.get(service);
    keys?.delete(key);
    if (keys?.size === 0) keysOf.delete(service);
  }

  /** One timer for all leases. What time passes while the process does not run is given back to each of them. */
  async function tick(signal: AbortSignal): Promise<void> {
    for await (const _ of leased.changes(signal)) {
      let next = nextEndMs(leases.values(), monotonicMs());
      while (next !== undefined && !signal.aborted) {
        // Whoever is not heard here may be renewing elsewhere.
        const isBlind = peers !== undefined && !peers.isCurrent();
        const waitMs = isBlind ? tickMs : Math.min(next, tickMs);
        const dueMs = monotonicMs() + waitMs;
        await pause(waitMs, signal);
        if (signal.aborted) return;
        const late = monotonicMs() - dueMs;
        if (late > lateMs) prolong(late);
        if (isBlind) prolong(waitMs);
        else endWhatIsOver();
        next = nextEndMs(leases.values(), monotonicMs());
      }
    }
  }

  function prolong(byMs: number): void {
    for (const [key, lease] of leases) {
      if (lease.expiresMs !== undefined) leases.set(key, { ...lease, expiresMs: lease.expiresMs + byMs });
    }
  }

  function endWhatIsOver(): void {
    const nowMs = monotonicMs();
    const touched = new Set<string>();
    for (const [key, lease] of leases) {
      if (lease.expiresMs === undefined || lease.expiresMs > nowMs) continue;
      forget(key, lease);
      touched.add(lease.service);
      peers?.announce(key, { kind: "removed", isAsked: false });
      observe({ kind: "lease-expired", service: lease.service, id: lease.endpoint.id });
    }
    for (const service of touched) changed(service);
  }

  /** What the other replicas say of some of all instances. */
  function seen({ members, withdrawn: asked }: Bucket, before: ReadonlySet<string>, own: ReadonlyMap<string, unknown>) {
    const touched = new Set<string>();
    for (const [key, lease] of members) {
      const mine = leases.get(key);
      if (own.has(key) || (mine && sameLease(mine, lease))) continue;
      leases.set(key, { ...lease, expiresMs: lease.expiresMs === undefined ? undefined : lease.expiresMs + spareMs });
      addKey(lease.service, key);
      withdrawn.get(lease.service)?.delete(lease.endpoint.id);
      touched.add(lease.service);
    }
    for (const key of before) {
      const lease = leases.get(key);
      if (!lease || members.has(key) || own.has(key)) continue;
      const sinceMs = monotonicMs() - (heardHere.get(key) ?? Number.NEGATIVE_INFINITY);
      // Another replica has not heard it, and this one has: that one could not be told in time.
      if (!asked.has(key) && sinceMs < lease.leaseSeconds * 1000) {
        peers?.announce(key, { kind: "put", lease });
        continue;
      }
      forget(key, lease);
      if (asked.has(key)) withdraw(lease.service, lease.endpoint.id);
      touched.add(lease.service);
    }
    if (touched.size > 0) leased.set({});
    for (const service of touched) changed(service);
  }

  /** It has renewed at another replica, so long ago. */
  function heard(key: string, agoMs: number): void {
    const lease = leases.get(key);
    if (lease?.expiresMs === undefined) return;
    const expiresMs = Math.max(lease.expiresMs, monotonicMs() - agoMs + lease.leaseSeconds * 1000 + spareMs);
    leases.set(key, { ...lease, expiresMs, renewedAt: now() });
  }

  /** What was renewed elsewhere meanwhile is about to be told. */
  function regained(): void {
    for (const [key, lease] of leases) {
      if (lease.expiresMs === undefined) continue;
      leases.set(key, { ...lease, expiresMs: Math.max(lease.expiresMs, monotonicMs() + spareMs) });
    }
  }

  function registrationOf({ service, endpoint, registeredAt, renewedAt, expiresMs }: Lease): Registration {
    const expires = expiresMs === undefined ? undefined : new Date(now().getTime() + expiresMs - monotonicMs());
    return { service, endpoint, expires, registeredAt, renewedAt };
  }

  async function* watch({ service }: RegistryFeed, signal: AbortSignal): AsyncGenerator<Sighting> {
    if (blind && blind.untilMs > monotonicMs()) {
      const says = `registry: ${file} is damaged; who has not registered again within ${graceMs} ms of the start is gone`;
      yield { kind: "failed", cause: new Error(says, { cause: blind.cause }) };
      await pause(blind.untilMs - monotonicMs(), signal);
    }
    if (peers && !isRestored && !peers.isKnown()) {
      const says =
        "registry: the shared store has not answered since the start, and nothing is known by this replica's own disk";
      yield { kind: "failed", cause: new Error(says) };
      await peers.known(signal);
    }
    const endpoints = latest.get(service) ?? createLatest(endpointsNow(service));
    latest.set(service, endpoints);
    for await (const each of endpoints.changes(signal))
      yield { kind: "seen", endpoints: each, skipped: [], withdrawn: new Set(withdrawn.get(service)) };
  }

  /** Whoever reads may miss states in between, so these are kept; as many as can matter to one who is late. */
  function withdraw(service: string, id: EndpointId): void {
    const ids = withdrawn.get(service) ?? new Set();
    withdrawn.set(service, ids.add(id));
    if (ids.size > mostWithdrawn) for (const oldest of ids.values().take(1)) ids.delete(oldest);
  }

  return {
    watch,
    async put(service, endpoint, leaseSeconds) {
      const key = leaseKey(service, endpoint.id);
      if (leaseSeconds === 0) await peers?.check();
      const before = leases.get(key);
      const { lease, change } = afterPut(
        before,
        { service, endpoint: { ...endpoint, source: registrySource }, leaseSeconds },
        clock(),
        spareMs,
      );
      leases.set(key, lease);
      addKey(service, key);
      heardHere.set(key, monotonicMs());
      if (change !== "none") peers?.announce(key, { kind: "put", lease });
      else if (leaseSeconds > 0) peers?.renewed(key);
      withdrawn.get(service)?.delete(endpoint.id);
      if (leaseSeconds > 0) leased.set({});
      if (change !== "none") changed(service);
      if (change !== "none" && leaseSeconds === 0) await Promise.all([store.settled(), peers?.settled()]);
      return before ? "renewed" : "created";
    },
    async remove(service, id) {
      const key = leaseKey(service, id);
      if (!leases.has(key)) return false;
      await peers?.check();
      const lease = leases.get(key);
      if (!lease) return true;
      forget(key, lease);
      withdraw(service, id);
      peers?.announce(key, { kind: "removed", isAsked: true });
      changed(service);
      await Promise.all([store.settled(), peers?.settled()]);
      return true;
    },
    async drain(service, id) {
      const key = leaseKey(service, id);
      const lease = leases.get(key);
      if (!lease) return false;
      if (lease.endpoint.health === "draining") return true;
      const draining: Lease = { ...lease, endpoint: { ...lease.endpoint, health: "draining" } };
      leases.set(key, draining);
      peers?.announce(key, { kind: "put", lease: draining });
      changed(service);
      return true;
    },
    list: () =>
      sortedBy(leases, ([key, { registeredAt }]) => `${registeredAt.toISOString()} ${key}`).map(([, lease]) =>
        registrationOf(lease),
      ),
    get(service, id) {
      const lease = leases.get(leaseKey(service, id));
      return lease && registrationOf(lease);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ticking;
      await peers?.[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** But for when it was last renewed, which is not told for each. */
function sameLease(a: Lease, b: Lease): boolean {
  return (
    a.leaseSeconds === b.leaseSeconds &&
    a.registeredAt.getTime() === b.registeredAt.getTime() &&
    sameEndpoint(a.endpoint, b.endpoint)
  );
}
