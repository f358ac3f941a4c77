import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { checkIdle, checkIdleIsMeasured } from "../lib/start-idle.ts";
import type { CodeScheduling } from "../model/code-scheduling.ts";
import type { KindBook } from "../model/kind.ts";
import type { Bulletin } from "../ports/bulletin.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { ResultsQueue } from "../ports/results-queue.ts";
import type { Stores } from "../ports/stores.ts";
import type { Tracer } from "../ports/tracer.ts";
import { createDelivery } from "../worker/deliver-result.ts";
import { createRuntime } from "../worker/runtimes/create-runtime.ts";
import { createProgressTeller } from "../worker/tell-progress.ts";
import { type ClusterParts, startWorkerCluster, type WorkerCluster } from "../worker/worker-cluster.ts";
import type { WorkerNote } from "../worker/worker-note.ts";

// A result that is kept waits for a writer so long; then its report is made again by another worker.
const heldForMs = 10 * 60_000;

export type WorkParts = {
  readonly stores: Stores;
  readonly results: ResultsQueue;
  readonly objects: ObjectStore;
  readonly bulletin: Bulletin | undefined;
  readonly kinds: KindBook;
  readonly tracer: Tracer | undefined;
  readonly observe: (note: WorkerNote) => void;
};

export type Workers = {
  readonly clusters: readonly WorkerCluster[];
  /** Claims nothing more and returns once its running jobs have ended; when `limit` aborts, those are handed back. */
  drain(limit: AbortSignal): Promise<void>;
} & AsyncDisposable;

/** What the role `worker` does: a cluster for each language, over the queue of that name. Throws where its code cannot be run as asked. */
export async function startWorkers(config: Config, parts: WorkParts): Promise<Workers> {
  const { stores, results, objects, bulletin, kinds, tracer, observe } = parts;
  const { id, data, datacenter, lostDatacenters, jobLeaseMs: leaseMs, shares, targetWaitMs } = config;
  const codeScheduling = await schedulingOf(config, observe);
  const codeWorkers = config.languages.filter((language) => language !== "sql");
  const codePerCpu = sum(codeWorkers.map((language) => config.concurrency[language])) / availableParallelism();
  const { reports, uploads, queue, clock } = stores;
  const clusterParts: ClusterParts = {
    ...{ reports, uploads, queue, clock, objects, kinds, lostDatacenters, leaseMs, targetWaitMs, tracer, observe },
    deliver: createDelivery({
      results,
      reports,
      clock,
      leaseMs,
      heldForMs: config.results === "memory" ? 0 : heldForMs,
    }),
    tellProgress: createProgressTeller(reports, bulletin, clock),
    createRuntime(language, number, longestMs) {
      const scratch = join(data, "scratch", `${id}-${language}-${number}`);
      const places = { scratch, sample: join(data, "sample", "sales-1.parquet") };
      return createRuntime(language, places, { longestMs, codeScheduling, codePerCpu });
    },
  };
  const clusters = config.languages.map((language) =>
    startWorkerCluster(
      language,
      config.concurrency[language],
      { worker: id, datacenter, leaseMs, shares },
      clusterParts,
    ),
  );
  return {
    clusters,
    async drain(limit) {
      await Promise.all(clusters.map((cluster) => cluster.drain(limit)));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clusters.map((cluster) => cluster[Symbol.asyncDispose]()));
    },
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

/** What can be had here of what was asked for. */
async function schedulingOf({ codeScheduling }: Config, observe: (note: WorkerNote) => void): Promise<CodeScheduling> {
  switch (codeScheduling) {
    case "other":
      return "other";
    case "idle":
      await checkIdle().catch(({ message }: Error) => {
        throw new Error(`--code-scheduling idle: ${message}`);
      });
      return "idle";
    case "auto":
      return checkIdleIsMeasured().then(
        () => "auto",
        (cause: Error) => {
          observe({ kind: "code-not-idle", cause });
          return "other";
        },
      );
  }
}
