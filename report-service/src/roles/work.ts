import { join } from "node:path";
import type { Config } from "../config.ts";
import type { KindBook } from "../model/kind.ts";
import type { Bulletin } from "../ports/bulletin.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { ResultsQueue } from "../ports/results-queue.ts";
import type { Stores } from "../ports/stores.ts";
import type { Tracer } from "../ports/tracer.ts";
import { createDelivery } from "../worker/deliver-result.ts";
import { createRuntime } from "../worker/runtimes/create-runtime.ts";
import { createProgressTeller } from "../worker/tell-progress.ts";
import { startWorkerLoop, type WorkerLoop } from "../worker/worker-loop.ts";
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

/** What the role `worker` does: a loop for each language, over the queue of the cluster of that name. */
export function startWorkers(config: Config, parts: WorkParts): WorkerLoop {
  const { stores, results, objects, bulletin, kinds, tracer, observe } = parts;
  const { id, data, datacenter, jobLeaseMs: leaseMs, shares } = config;
  const runtime = createRuntime("sql", {
    scratch: join(data, "scratch", id),
    sample: join(data, "sample", "sales-1.parquet"),
  });
  const { reports } = stores;
  const deliver = createDelivery({ results, reports, heldForMs: config.results === "memory" ? 0 : heldForMs });
  const tellProgress = createProgressTeller(reports, bulletin);
  const jobParts = { reports, objects, kinds, runtime, leaseMs, deliver, tellProgress, tracer, observe };
  const claimant = { worker: id, datacenter, cluster: "sql", leaseMs, shares };
  return startWorkerLoop(stores.queue, claimant, jobParts);
}
