import type { OpenCircuit, Shut } from "../model/circuit.ts";
import type { KindBook, Language } from "../model/kind.ts";
import type { KindName } from "../model/names.ts";
import { backlogWorkers } from "../model/wanted-workers.ts";
import type { Claimant, JobQueue } from "../ports/job-queue.ts";
import { type Circuits, createCircuits } from "./circuits.ts";
import { gatherClaims } from "./gather-claims.ts";
import { gatherRenewals } from "./gather-renewals.ts";
import type { JobParts } from "./run-job.ts";
import type { Runtime } from "./runtime.ts";
import { startWorkerLoop, type WorkerLoop } from "./worker-loop.ts";

/** What says whether there are enough workers of a cluster, as one of its servers sees it. */
export type ScaleSignal = {
  /** This server's workers, and those of them that have something to do. */
  readonly workers: number;
  readonly busy: number;
  /** Of all servers. */
  readonly queued: number;
  readonly oldestWaitMs: number;
  /** Workers that it takes beside the busy ones of all servers, to have all that waits begun in time. */
  readonly backlogWorkers: number;
  /** How many circuits are open or half open. */
  readonly shut: number;
};

/** Of one server: its workers, those that make a report, and the circuits that are not closed. */
export type WorkersStatus = {
  readonly workers: number;
  readonly busy: number;
  readonly circuits: readonly OpenCircuit[];
};

/** The workers of one language in this server. Another cluster shares nothing with them but the store. */
export type WorkerCluster = {
  readonly language: Language;
  signal(): Promise<ScaleSignal>;
  /** What its workers do now, without a look at the store. */
  status(): WorkersStatus;
  /** Why reports of a kind would only wait now; undefined: they would not. */
  shut(kind: KindName): Shut | undefined;
  /** Claims nothing more and returns once its running jobs have ended; when `limit` aborts, those are handed back. */
  drain(limit: AbortSignal): Promise<void>;
} & AsyncDisposable;

export type ClusterParts = Omit<JobParts, "runtime"> & {
  readonly queue: JobQueue;
  /** A runtime for the `number`-th worker, from 0 on. */
  readonly createRuntime: (language: Language, number: number, longestMs: number) => Runtime;
  /** What is to be begun within this time; what `signal` asks for more workers by. */
  readonly targetWaitMs: number;
};

export function startWorkerCluster(
  language: Language,
  concurrency: number,
  claimant: Omit<Claimant, "cluster">,
  { queue, createRuntime, targetWaitMs, ...parts }: ClusterParts,
): WorkerCluster {
  const own = [...parts.kinds.values()].filter(({ cluster }) => cluster === language);
  const longestMs = Math.max(60_000, ...own.map(({ limits }) => limits.timeoutMs));
  const circuits: Circuits = createCircuits(language, parts.observe);
  const perTenant = limitsPerTenant(parts.kinds, language);
  let busy = 0;
  let meanJobMs = 500;

  const onJob: Parameters<typeof startWorkerLoop>[2]["onJob"] = (event) => {
    busy += event.kind === "started" ? 1 : -1;
    if (event.kind === "ended") meanJobMs += (event.tookMs - meanJobMs) / 10;
  };
  const claimantNow = () => ({ ...claimant, cluster: language, paused: circuits.paused(performance.now()), perTenant });
  const claim = gatherClaims(queue, claimantNow, parts.clock);
  const reports = gatherRenewals(parts.reports, parts.clock);
  const loops: readonly WorkerLoop[] = Array.from({ length: concurrency }, (_, number) => {
    const runtime = createRuntime(language, number, longestMs);
    return startWorkerLoop(queue, language, { ...parts, reports, runtime, circuits, claim, onJob });
  });

  return {
    language,
    async signal() {
      const nowMs = parts.clock.now();
      const { queued, oldestQueuedAtMs = nowMs } = await queue.length(language);
      const oldestWaitMs = Math.max(0, nowMs - oldestQueuedAtMs);
      const backlog = backlogWorkers({ queued, oldestWaitMs, meanJobMs }, targetWaitMs);
      return { workers: concurrency, busy, queued, oldestWaitMs, backlogWorkers: backlog, shut: circuits.open() };
    },
    status: () => ({ workers: concurrency, busy, circuits: circuits.list(performance.now()) }),
    shut: (kind) => circuits.shut(kind, performance.now()),
    async drain(limit) {
      await Promise.all(loops.map((loop) => loop.drain(limit)));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(loops.map((loop) => loop[Symbol.asyncDispose]()));
    },
  };
}

function limitsPerTenant(kinds: KindBook, language: Language): ReadonlyMap<KindName, number> {
  const limits = new Map<KindName, number>();
  for (const {
    name,
    cluster,
    limits: { concurrencyPerTenant },
  } of kinds.values()) {
    if (cluster === language && concurrencyPerTenant !== undefined) limits.set(name, concurrencyPerTenant);
  }
  return limits;
}
