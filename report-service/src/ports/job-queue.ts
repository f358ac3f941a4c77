import type { QueueLength } from "../model/admission.ts";
import type { FairShares } from "../model/fair-queue.ts";
import type { KindName } from "../model/names.ts";
import type { Report, WorkerCluster } from "../model/report.ts";

/** Who takes jobs, of which cluster, and for how long it may keep one without renewing. */
export type Claimant = {
  readonly worker: string;
  readonly datacenter: string;
  readonly cluster: WorkerCluster;
  readonly leaseMs: number;
  /** What the tenants get; the same for all claimants of a cluster, or the last one's holds. */
  readonly shares: FairShares;
  /** Kinds of which nothing is to be claimed now. */
  readonly paused?: readonly KindName[];
  /** How many reports of a kind one tenant may have running at once, for kinds that limit it. */
  readonly perTenant?: ReadonlyMap<KindName, number>;
};

/** The reports that wait for a worker: one queue for each worker cluster. Shared by many servers. */
export type JobQueue = {
  /**
   * Up to `most` reports, now running under the claimant's lease, each given to exactly one claimant: first those that
   * have lost their worker, then as `fair-queue` orders priorities and tenants, the oldest of a tenant first. No tenant
   * gets more running at once than its share's `concurrency`, nor than `perTenant` of a kind; what cannot be claimed
   * for its kind keeps nothing else waiting, of the same tenant neither. A report that lost its worker once too often is among
   * them as failed.
   */
  claim(claimant: Claimant, most: number, nowMs: number): Promise<readonly Report[]>;
  /** Returns when there may be something to claim, early rather than late. */
  wait(cluster: WorkerCluster, signal: AbortSignal): Promise<void>;
  /** Of one cluster, or of all. */
  length(cluster?: WorkerCluster): Promise<QueueLength>;
  /** How many reports of a cluster are being made; absent where counting costs too much. */
  running?(cluster: WorkerCluster): Promise<number>;
  /**
   * How many reports of the same tenant, cluster and priority wait before a queued one, counted up to `most`; absent where
   * counting costs too much.
   */
  ahead?(report: Report, most: number): Promise<number>;
  /** Of the clusters that this server claims for; absent where no broker stands between the store and the workers. */
  backlog?(): Promise<Backlog>;
};

/** `unpublished` reports wait in the store to be told to the broker, `undelivered` messages in the broker for a worker. */
export type Backlog = { readonly unpublished: number; readonly undelivered: number };
