import type { Gauge, Registry } from "prom-client";
import type { ScaleSignal, WorkerCluster } from "../worker/worker-cluster.ts";
import { answered } from "./answered.ts";

type Look = readonly [cluster: string, signal: ScaleSignal | undefined];

/** What says whether there are enough workers, for each worker cluster of this server. */
export function addClusterMetrics(
  { Gauge: GaugeOf }: { readonly Gauge: typeof Gauge },
  registers: Registry[],
  clusters: readonly Pick<WorkerCluster, "language" | "signal">[],
): void {
  // All gauges of one scrape are of one look at each cluster.
  let looks: Promise<readonly Look[]> | undefined;
  function look() {
    looks ??= Promise.all(
      clusters.map(async ({ language, signal }) => [language, await answered(() => signal())] as const),
    ).finally(() => {
      looks = undefined;
    });
    return looks;
  }

  function add(name: string, help: string, measure: (signal: ScaleSignal) => number): void {
    new GaugeOf({
      ...{ name, help, registers, labelNames: ["cluster"] as const },
      async collect() {
        for (const [cluster, signal] of await look()) {
          if (signal) this.set({ cluster }, measure(signal));
          else this.remove({ cluster });
        }
      },
    });
  }

  add("report_cluster_queue_length", "Reports that wait for this cluster, of all servers.", ({ queued }) => queued);
  add(
    "report_cluster_queue_age_seconds",
    "How long the oldest of them has waited.",
    ({ oldestWaitMs }) => oldestWaitMs / 1000,
  );
  add("report_cluster_workers", "Workers of this server.", ({ workers }) => workers);
  add("report_cluster_busy_workers", "Those of them that make a report.", ({ busy }) => busy);
  add(
    "report_cluster_backlog_workers",
    "Workers that it takes beside the busy ones of all servers, to begin what waits in time.",
    ({ backlogWorkers }) => backlogWorkers,
  );
  add("report_circuits_open", "Kinds that are not made for now; the cluster itself counts as one.", ({ shut }) => shut);
}
