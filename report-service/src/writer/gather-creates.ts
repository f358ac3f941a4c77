import type { QueueLimits } from "../model/admission.ts";
import type { Created, Creation, ReportStore } from "../ports/report-store.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";

/** As many as one transaction should hold. */
const mostAtOnce = 500;
// Four transactions' worth: who waits longer than these take does so at the client, which was told when to come back.
const mostWaiting = 4 * mostAtOnce;
const comeBackMs = 500;

type Waiting = {
  readonly creations: readonly Creation[];
  readonly limits: QueueLimits;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (created: readonly Created[]) => void;
  readonly reject: (cause: unknown) => void;
};

/**
 * The same store, whose creates share transactions, and so what a synced commit costs: those that come in one turn of the
 * event loop, or while others are being written, are written together. Alone, a create waits for nobody; where too many
 * wait already, it is turned away.
 */
export function gatherCreates(reports: ReportStore): ReportStore {
  let waiting: Waiting[] = [];
  let queued = 0;
  let writing = false;

  async function write(): Promise<void> {
    writing = true;
    while (waiting.length > 0) {
      const group = takeGroup();
      await writeGroup(group).catch((cause) => refuseOrSplit(group, cause));
    }
    writing = false;
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
    for (const { creations } of group) queued -= creations.length;
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
      waiting.push({ creations, limits, signal, resolve, reject });
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
