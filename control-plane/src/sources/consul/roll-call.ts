import { backoffMs } from "../../lib/backoff.ts";
import { createLatest, type Latest } from "../../lib/latest.ts";
import { pause } from "../../lib/wait.ts";
import type { ConsulFeed, Sighting } from "../feed.ts";
import {
  type Census,
  changedBetween,
  parseChecks,
  readCensus,
  type StateOfChecks,
  stateOf,
  touchedBetween,
} from "./checks.ts";
import type { DatacenterClient } from "./consul-datacenter.ts";
import type { ConsulLimits } from "./consul-limits.ts";
import type { ReadHealth, Reading } from "./read-health.ts";
import { createReadQueue } from "./read-queue.ts";
import { watchIndex } from "./watch-index.ts";

export type RollCall = Disposable & {
  /** Watches one more service, until the signal aborts. */
  join(feed: ConsulFeed, signal: AbortSignal): AsyncGenerator<Sighting, void>;
};

export type RollCallParts = {
  readonly datacenter: DatacenterClient;
  readonly read: ReadHealth;
  readonly explain: (feed: ConsulFeed, cause: unknown) => Error;
  readonly limits: ConsulLimits;
  readonly monotonicMs: () => number;
  readonly random: () => number;
};

type Member = {
  readonly feed: ConsulFeed;
  readonly sightings: Latest<Sighting>;
  readonly signal: AbortSignal;
  reading: Reading | undefined;
  /** It was told of as changed: its leader is asked, as another server than the one that told may not know of it yet. */
  isTold: boolean;
  /** When it is to be read with a check that the leader still leads. */
  consistentAtMs: number;
  failures: number;
};

/** Sweeps take at most a fifth of the time, or half of it when something has changed that nothing else can find. */
const restShare = 4;
const urgentRestShare = 1;
const leastRestMs = 1_000;

/**
 * Watches any number of services of a data center with three blocking queries. They say that something changed, and partly
 * what; the services that it may be are read, so many at a time. Which query says what was measured with Consul 1.8.7
 * (docs/decisions/0012-consul-watches.md):
 * - the checks that are critical, and those with a warning: a check that came, went or changed names its service;
 * - the list of services: an instance came, went or was changed, somewhere. A census of all checks tells where; when it does
 *   not (an instance without checks, or new metadata), all are read;
 * - all are read once in a while as well, because a watch may be lost.
 */
export function createRollCall(parts: RollCallParts): RollCall {
  const { datacenter, read, explain, limits, monotonicMs, random } = parts;
  const end = new AbortController();
  const { signal } = end;
  const members = new Set<Member>();
  const byService = new Map<string, Set<Member>>();
  const states = new Map<string, StateOfChecks>();
  /** Queries that fail, and why: nothing can be said of any service as long as there is one. */
  const failing = new Map<string, Error>();
  const spoken = new Set<string>();
  const queue = createReadQueue<Member>(limits.reads, readOne);
  let census: Census | undefined;
  let running = false;
  let sweepTimer: { readonly timer: NodeJS.Timeout; readonly atMs: number } | undefined;
  let sweptAtMs = Number.NEGATIVE_INFINITY;
  let sweepTookMs = 0;
  let nextSweepMs = limits.sweepMs;

  const paths = {
    services: "/v1/catalog/services",
    critical: "/v1/health/state/critical",
    warning: "/v1/health/state/warning",
  } as const;

  function begin(): void {
    if (running) return;
    running = true;
    const watch = (path: string, answered: (text: string, moved: boolean) => void | Promise<void>) =>
      void watchIndex(
        {
          ...{ datacenter, path, limits, monotonicMs, random },
          answered: async (text, moved) => {
            await answered(text, moved);
            answers(path);
          },
          failed: (cause, failures) => fails(path, cause, failures),
        },
        signal,
      );
    watch(paths.services, servicesAnswered);
    for (const path of [paths.critical, paths.warning]) watch(path, (text) => stateAnswered(path, text));
  }

  async function servicesAnswered(_: string, moved: boolean): Promise<void> {
    if (!moved && census) return;
    const before = census;
    census = await readCensus(datacenter, signal);
    if (!before) return;
    const changed = changedBetween(before, census);
    readServices(changed);
    if (changed.size > 0) sweepIn(limits.afterChangeMs);
    else sweepTwice();
  }

  function stateAnswered(path: string, text: string): void {
    const before = states.get(path);
    const after = stateOf(parseChecks(text));
    states.set(path, after);
    if (!before) return;
    const touched = touchedBetween(before, after);
    readServices(touched);
    // A check of a node is one of each service on it, and it does not say which these are.
    if (touched.has("")) sweepTwice();
  }

  function answers(path: string): void {
    const wasUnheard = !isHeard();
    spoken.add(path);
    failing.delete(path);
    // Read only once all that can tell of a later change listens: then no change falls between.
    if (wasUnheard && isHeard()) {
      queue.add(members);
      sweepIn(limits.sweepMs);
    }
  }

  function fails(path: string, cause: Error, failures: number): void {
    // One failure may be a hiccup of one server: it is asked again at once.
    if (failures < 2 && spoken.has(path)) return;
    const news = !failing.has(path);
    failing.set(path, cause);
    if (!news) return;
    queue.clear();
    for (const member of members) memberFails(member, cause);
  }

  function isHeard(): boolean {
    return spoken.size === Object.keys(paths).length && failing.size === 0;
  }

  function readServices(services: Iterable<string>): void {
    // As long as a query fails they stay as they are; all are read once it is answered again.
    if (!isHeard()) return;
    for (const service of services) {
      const told = byService.get(service) ?? [];
      for (const member of told) member.isTold = true;
      queue.add(told);
    }
  }

  /** Reads all in so long, or sooner if that was said before. */
  function sweepIn(ms: number): void {
    const restMs = Math.max(leastRestMs, (ms === 0 ? urgentRestShare : restShare) * sweepTookMs);
    const atMs = Math.max(monotonicMs() + ms * (1 + random() / 4), sweptAtMs + restMs);
    if (sweepTimer && sweepTimer.atMs <= atMs) return;
    clearTimeout(sweepTimer?.timer);
    sweepTimer = { timer: setTimeout(() => void sweep(), Math.max(0, atMs - monotonicMs())).unref(), atMs };
  }

  /** At once, and then again: a server that is asked for so many may be one that does not know of the change yet. */
  function sweepTwice(): void {
    nextSweepMs = limits.afterChangeMs;
    sweepIn(0);
  }

  async function sweep(): Promise<void> {
    sweepTimer = undefined;
    const nextMs = nextSweepMs;
    nextSweepMs = limits.sweepMs;
    if (signal.aborted) return;
    sweptAtMs = monotonicMs();
    if (isHeard()) {
      queue.add(members);
      await queue.idle();
      sweepTookMs = monotonicMs() - sweptAtMs;
      sweptAtMs = monotonicMs();
    }
    sweepIn(nextMs);
  }

  async function readOne(member: Member): Promise<void> {
    if (member.signal.aborted) return;
    const consistent = monotonicMs() >= member.consistentAtMs;
    const { reading: wasRead, isTold } = member;
    // Before it is read: it may be told of once more meanwhile.
    member.isTold = false;
    const by = consistent ? "confirmed-leader" : isTold ? "leader" : "any";
    try {
      member.reading = await read(member.feed, wasRead, { index: 0, by }, member.signal);
      if (consistent || !wasRead) member.consistentAtMs = nextConsistent();
      member.failures = 0;
      member.sightings.set(member.reading.sighting);
    } catch (cause) {
      if (member.signal.aborted) return;
      member.isTold ||= isTold;
      memberFails(member, cause);
      void again(member);
    }
  }

  function memberFails(member: Member, cause: unknown): void {
    member.sightings.set({ kind: "failed", cause: explain(member.feed, cause) });
  }

  async function again(member: Member): Promise<void> {
    await pause(backoffMs(member.failures++, limits.backoff, random), member.signal);
    if (isHeard() && !member.signal.aborted) queue.add([member]);
  }

  function nextConsistent(): number {
    return monotonicMs() + limits.consistentMs * (0.5 + random());
  }

  return {
    async *join(feed, feedSignal) {
      const member: Member = {
        feed,
        sightings: createLatest<Sighting>(),
        signal: feedSignal,
        reading: undefined,
        isTold: false,
        consistentAtMs: Number.POSITIVE_INFINITY,
        failures: 0,
      };
      const same = byService.get(feed.service) ?? new Set();
      byService.set(feed.service, same.add(member));
      members.add(member);
      begin();
      const [cause] = failing.values();
      if (cause) memberFails(member, cause);
      else if (isHeard()) queue.add([member]);
      try {
        yield* member.sightings.changes(member.signal);
      } finally {
        members.delete(member);
        queue.drop(member);
        same.delete(member);
        if (same.size === 0) byService.delete(feed.service);
      }
    },
    [Symbol.dispose]() {
      end.abort();
      clearTimeout(sweepTimer?.timer);
    },
  };
}
