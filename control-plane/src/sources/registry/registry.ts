import { join } from "node:path";
import { createLatest, type Latest } from "../../lib/latest.ts";
import { pause } from "../../lib/wait.ts";
import type { EndpointId, ServiceName } from "../../model/names.ts";
import type { Endpoint } from "../../model/service.ts";
import type { RegistryFeed, Sighting, SourceNote, WatchFeed } from "../feed.ts";
import { registrySource } from "../source-names.ts";
import { createWriteBehind } from "../write-behind.ts";
import { writeWhole } from "../write-whole.ts";
import { afterPut, type Clock, endpointsOf, type Lease, leaseKey, nextEndMs } from "./lease.ts";
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
};

// A tick later than this is not the timer's doing: the process was stopped, or its machine slept.
const lateMs = 500;
const tickMs = 1_000;
const mostWithdrawn = 1_000;

/** Reads what was saved, and every lease begins anew. Rejects when the directory cannot be used. */
export async function createRegistry({
  dir,
  now,
  monotonicMs,
  observe,
  graceMs = 30_000,
}: RegistryOptions): Promise<Registry> {
  const file = join(dir, "registry.json");
  const clock = (): Clock => ({ now: now(), monotonicMs: monotonicMs() });
  const saved = await readRegistry(file, registrySource, clock());
  if (saved.kind === "damaged") observe({ kind: "registry-damaged", file, keptAs: saved.keptAs, cause: saved.cause });
  const blind = saved.kind === "damaged" ? { untilMs: monotonicMs() + graceMs, cause: saved.cause } : undefined;

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
    const keys = keysOf.get(service);
    keys?.delete(key);
    if (keys?.size === 0) keysOf.delete(service);
  }

  /** One timer for all leases. What time passes while the process does not run is given back to each of them. */
  async function tick(signal: AbortSignal): Promise<void> {
    for await (const _ of leased.changes(signal)) {
      let next = nextEndMs(leases.values(), monotonicMs());
      while (next !== undefined && !signal.aborted) {
        const dueMs = monotonicMs() + Math.min(next, tickMs);
        await pause(Math.min(next, tickMs), signal);
        if (signal.aborted) return;
        const late = monotonicMs() - dueMs;
        if (late > lateMs) prolong(late);
        endWhatIsOver();
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
      observe({ kind: "lease-expired", service: lease.service, id: lease.endpoint.id });
    }
    for (const service of touched) changed(service);
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
      const before = leases.get(key);
      const { lease, change } = afterPut(
        before,
        { service, endpoint: { ...endpoint, source: registrySource }, leaseSeconds },
        clock(),
      );
      leases.set(key, lease);
      addKey(service, key);
      withdrawn.get(service)?.delete(endpoint.id);
      if (leaseSeconds > 0) leased.set({});
      if (change !== "none") changed(service);
      if (change !== "none" && leaseSeconds === 0) await store.settled();
      return before ? "renewed" : "created";
    },
    async remove(service, id) {
      const key = leaseKey(service, id);
      const lease = leases.get(key);
      if (!lease) return false;
      forget(key, lease);
      withdraw(service, id);
      changed(service);
      await store.settled();
      return true;
    },
    async drain(service, id) {
      const key = leaseKey(service, id);
      const lease = leases.get(key);
      if (!lease) return false;
      if (lease.endpoint.health === "draining") return true;
      leases.set(key, { ...lease, endpoint: { ...lease.endpoint, health: "draining" } });
      changed(service);
      return true;
    },
    list: () => [...leases.values()].map(registrationOf),
    get(service, id) {
      const lease = leases.get(leaseKey(service, id));
      return lease && registrationOf(lease);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ticking;
      await store[Symbol.asyncDispose]();
    },
  };
}
