import { pause } from "../lib/wait.ts";
import { languageOfCluster } from "./load/ordered-report.ts";
import type { OperatorApi } from "./operator-api.ts";
import type { QueueView } from "./view.ts";

/** Tells what waits and runs every two seconds or so until the signal aborts; undefined while nobody says so. */
export async function followQueues(
  api: Pick<OperatorApi, "reportQueues">,
  onQueues: (queues: readonly QueueView[] | undefined) => void,
  signal: AbortSignal,
  everyMs = 2_000,
): Promise<void> {
  while (!signal.aborted) {
    const queues = await api.reportQueues().catch(() => undefined);
    onQueues(
      queues?.flatMap(({ cluster, waiting, running, busy }) => {
        const language = languageOfCluster(cluster);
        return language ? [{ language, waiting, running: running ?? busy }] : [];
      }),
    );
    await pause(everyMs, signal);
  }
}
