import type { ReportKey } from "../model/names.ts";
import type { Priority, Report, WorkerCluster } from "../model/report.ts";
import type { Claimant } from "./job-queue.ts";

/** What has a queue of its own in a broker. */
export type Lane = { readonly cluster: WorkerCluster; readonly priority: Priority };

/** What a message to a broker says: this report waits for a worker. It may come twice, or when that is no longer so. */
export type Waiting = ReportKey & Lane;

/** Returns once all are published, but for those that it answers: of a lane that the broker refuses, as nobody else's is. */
export type Publish = (entries: readonly Waiting[]) => Promise<readonly Waiting[] | undefined>;

/**
 * What claiming one report came to. `claimed`: as `JobQueue.claim` answers it. `busy`: it waits, and its tenant runs as
 * many as it may. `gone`: it neither waits nor has lost its worker; nobody needs to ask again.
 */
export type ClaimByKey =
  | { readonly kind: "claimed"; readonly report: Report }
  | { readonly kind: "busy" }
  | { readonly kind: "gone" };

/**
 * What a queue outside of the store needs of it. Each report that starts to wait, by its creation or because it is
 * queued again, enters the outbox in that same transaction: what is committed will be published, at least once.
 */
export type Outbox = {
  /**
   * Gives up to `most` entries, oldest first, to `publish`, and forgets them once that has returned; where it throws
   * (as this then does) or its server dies, they are given again. Entries that are being published are given to nobody
   * else, for as long as 30 s. Those that `publish` answers are set aside, where no other lane's stand behind them. With
   * `refused`, gives what was set aside of that lane; it stays there until it is published. Answers how many it gave.
   */
  relay(publish: Publish, most: number, nowMs: number, refused?: Lane): Promise<number>;
  /** All lanes of which something is set aside, and maybe others. */
  refusedLanes(): Promise<readonly Lane[]>;
  /** Returns when there may be something to relay, early rather than late. */
  wait(signal: AbortSignal): Promise<void>;
  /** How many entries wait to be published, with those that are set aside. */
  length(): Promise<number>;
  /**
   * Claims reports by their names, one after the other as given. Each is decided in a transaction, of its own or with
   * others: two claimants never get the same, and no tenant more than its share's `concurrency`. Renewing and ending
   * are `ReportStore.change`s, fenced by the attempt.
   */
  claim(keys: readonly ReportKey[], claimant: Claimant, nowMs: number): Promise<readonly ClaimByKey[]>;
};

/** A store whose reports may be queued elsewhere. */
export type HasOutbox = {
  /**
   * From the first call on, and for good, whoever writes to this store in whatever process enters what is queued. What
   * waited before that is found through the store's own `JobQueue`.
   */
  openOutbox(): Promise<Outbox>;
};
