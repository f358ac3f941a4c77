import { setTimeout as delay } from "node:timers/promises";
import type { QueueLimits } from "../model/admission.ts";
import type { Created, Creation, ReportStore } from "../ports/report-store.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";

/** As many as one transaction should hold. */
const mostAtOnce = 500;
// Four transactions' worth: who waits longer than these take does so at the client, which was told when to come back.
const mostWaiting = 4 * mostAtOnce;
const comeBackMs = 500;
// A transaction of its own costs a create five times what it costs among eight, and little less among more than these.
const worthAPause = 16;
const longestPauseMs = 15;
// How long ago a create was that counts for a third of a new one, when it is reckoned how often they come.
const memoryMs = 200;

type Waiting = {
  readonly creations: readonly Creation[];
  readonly sinceMs: number;
  readonly limits: QueueLimits;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (created: readonly Created[]) => void;
  readonly reject: (cause: unknown) => void;
};

/**
 * The same store, whose creates share transactions, and so what a synced commit costs: those that come in one turn of the
 * event loop, or while others are being written, are written together. While they come often, each also waits a moment
 * for more of them. Alone, a create waits for nobody; where too many wait already, it is turned away.
 */
export function gatherCreates(reports: ReportStore): ReportStore {
  let waiting: Waiting[] = [];
  let queued = 0;
  let writing = false;
  let lastPerMs = 0;
  let lastGroupMs = Number.NEGATIVE_INFINITY;

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const leaveMs = (waiting[0]?.sinceMs ?? 0) + pauseMs();
      if (queued < worthAPause && leaveMs > performance.now()) await delay(leaveMs - performance.now());
      const group = takeGroup();
      await writeGroup(group).catch((cause) => refuseOrSplit(group, cause));
    }
    writing = false;
  }

  /** How long it takes until enough have come; not at all where others are unlikely to. */
  function pauseMs(): number {
    const perMs = rateAt(performance.now());
    if (perMs * longestPauseMs < 2) return 0;
    return Math.min(longestPauseMs, worthAPause / perMs);
  }

  /** Creates a millisecond, by time and not by group: two a moment apart, and then none for long, do not come often. */
  function rateAt(nowMs: number): number {
    return lastPerMs * Math.exp((lastGroupMs - nowMs) / memoryMs);
  }

  function learnRate(count: number): void {
    const nowMs = performance.now();
    lastPerMs = rateAt(nowMs) + count / memoryMs;
    lastGroupMs = nowMs;
  }

  /** The first ones, as long as they fit; their limits are the same, being those of the server. */
  function takeGroup(): readonly Waiting[] {
    let size = 0;
    const end = waiting.findIndex(({ creations }, index) => {
      size += creations.length;
      return index > 0 && size > mostAtOnce;
    });
    const group = end === -1 ? waiting : waiting.slice(0, end);
    waiting = end === -1 ? [] : waiting.slice(end);
    const count = group.reduce((sum, { creations }) => sum + creations.length, 0);
    queued -= count;
    learnRate(count);
    return group;
  }

  async function writeGroup(group: readonly Waiting[]): Promise<void> {
    const wanted = group.filter(({ signal, reject }) => {
      if (signal?.aborted) reject(signal.reason);
      return !signal?.aborted;
    });
    const [first] = wanted;
    if (!first) return;
    const created = await reports.create(
      wanted.flatMap(({ creations }) => creations),
      first.limits,
    );
    let from = 0;
    for (const { creations, resolve } of wanted) {
      resolve(created.slice(from, from + creations.length));
      from += creations.length;
    }
  }

  async function refuseOrSplit(group: readonly Waiting[], cause: unknown): Promise<void> {
    if (!(cause instanceof StoreUnavailable)) return eachAlone(group);
    // A store that is away is so for all: trying each would make the last ones wait for all the others.
    for (const { reject } of group) reject(cause);
  }

  /** One that the store cannot take must not keep the others out. */
  async function eachAlone(group: readonly Waiting[]): Promise<void> {
    for (const { creations, limits, signal, resolve, reject } of group) {
      const created = reports.create(creations, limits, signal);
      await created.then((answers) => resolve(answers.map((one, index) => own(one, creations[index]))), reject);
    }
  }

  return {
    ...reports,
    create(creations, limits, signal) {
      if (queued >= mostWaiting) {
        const full = { kind: "full", of: "everyone", queued, limit: mostWaiting, retryAfterMs: comeBackMs } as const;
        return Promise.resolve(creations.map(() => full));
      }
      queued += creations.length;
      const { promise, resolve, reject } = Promise.withResolvers<readonly Created[]>();
      waiting.push({ creations, sinceMs: performance.now(), limits, signal, resolve, reject });
      if (!writing) {
        writing = true;
        setImmediate(write);
      }
      return promise;
    },
  };
}

/** A store may have failed after it had written: what is there already is then what was to be created. */
function own(created: Created, creation: Creation | undefined): Created {
  if (created.kind !== "id-taken" || !creation) return created;
  const { createdAtMs, contentKey } = created.report;
  const same = createdAtMs === creation.report.createdAtMs && contentKey === creation.report.contentKey;
  return same ? { kind: "created", report: created.report } : created;
}
