import type { QueueLength, QueueLimits } from "../model/admission.ts";
import type { Report, WorkerCluster } from "../model/report.ts";
import type { Hints } from "./hints.ts";
import { clusters, waitingIn } from "./report-hints.ts";

/** How much waits. */
export type QueueCounts = {
  of(report: Report, limits: QueueLimits): Promise<QueueLength & { readonly ofTenant: number }>;
  /** One more of this process's. */
  add(report: Report): void;
  length(cluster?: WorkerCluster): Promise<QueueLength>;
};

type Count = { readonly takenAtMs: number; queued: number; readonly ofTenants: Map<string, number>; oldestMs: number };

// Counting reads what it counts. Far from its limit a queue is counted this often and not with every create.
const believedMs = 500;
const nearLimit = 0.5;

export function createQueueCounts(hints: Hints): QueueCounts {
  const counted = new Map<WorkerCluster, Count>();

  async function count(cluster: WorkerCluster, most: number): Promise<Count> {
    const waiting = await hints.oldest(waitingIn(cluster), { limit: most });
    const ofTenants = new Map<string, number>();
    for (const { tenant } of waiting) ofTenants.set(tenant, (ofTenants.get(tenant) ?? 0) + 1);
    const oldestMs = waiting[0]?.atMs ?? Number.POSITIVE_INFINITY;
    return { takenAtMs: performance.now(), queued: waiting.length, ofTenants, oldestMs };
  }

  const lengthOf = ({ queued, oldestMs }: Count): QueueLength => ({
    queued,
    ...(Number.isFinite(oldestMs) && { oldestQueuedAtMs: oldestMs }),
  });

  return {
    async of({ cluster, tenant }, limits) {
      const known = counted.get(cluster);
      const isRoomy =
        known !== undefined &&
        performance.now() - known.takenAtMs < believedMs &&
        known.queued < limits.queue * nearLimit &&
        (known.ofTenants.get(tenant) ?? 0) < limits.tenant * nearLimit;
      const now = isRoomy ? known : await count(cluster, limits.queue + 1);
      counted.set(cluster, now);
      return { ...lengthOf(now), ofTenant: now.ofTenants.get(tenant) ?? 0 };
    },
    add({ cluster, tenant }) {
      const known = counted.get(cluster);
      if (!known) return;
      known.queued += 1;
      known.ofTenants.set(tenant, (known.ofTenants.get(tenant) ?? 0) + 1);
    },
    async length(cluster) {
      const all = cluster === undefined ? await hints.oldest(clusters, { limit: 1_000 }) : [{ id: cluster }];
      const counts = await Promise.all(all.map(({ id }) => count(id, 1_000_000)));
      return lengthOf({
        takenAtMs: 0,
        queued: counts.reduce((sum, { queued }) => sum + queued, 0),
        ofTenants: new Map(),
        oldestMs: Math.min(...counts.map(({ oldestMs }) => oldestMs)),
      });
    },
  };
}
