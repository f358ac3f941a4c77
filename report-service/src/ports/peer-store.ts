import type { ReportKey, TenantId, UploadKey } from "../model/names.ts";
import type { Report } from "../model/report.ts";
import type { Upload } from "../model/upload.ts";
import type { ReportEvent, ReportPage, ReportQuery } from "./report-store.ts";
import type { Stores } from "./stores.ts";

export type PeerPlace = "here" | "there" | "nowhere";

/** How another data center's database looks from here: its replica in this data center, and its servers over there. */
export type PeerState = {
  readonly readable: PeerPlace;
  /** `here`: the replica has been promoted, so that the reports of that data center are made here. */
  readonly writable: PeerPlace;
  /** How far the replica here is behind; undefined where that is unknown, or where it is no replica. */
  readonly lagMs?: number;
};

/** What a create under a request id made. */
export type KnownRequest = { readonly bodyHash: string; readonly createdAtMs: number; readonly report: Report };

/**
 * The store of another data center. It may be away at any time: what it is asked then fails at once, with a
 * `HomeUnavailable`, and nothing waits for it longer than a second or two.
 */
export type PeerStore = {
  readonly datacenter: string;
  state(): PeerState;
  /**
   * As `ReportStore` has it, but as old as the replica that is asked. What that does not know of an id that was made in this
   * data center is asked of its primary; `HomeUnavailable` where that is away, since nobody knows then.
   */
  read(key: ReportKey, signal?: AbortSignal): Promise<Report | undefined>;
  list(query: ReportQuery, signal?: AbortSignal): Promise<ReportPage>;
  follow(key: ReportKey, afterSequence: number, signal: AbortSignal): AsyncGenerator<ReportEvent, void>;
  /** As `read`; the primary is also asked whether an upload is complete by now. */
  readUpload(key: UploadKey, signal?: AbortSignal): Promise<Upload | undefined>;
  /** For each what is known of it. */
  findRequests(
    requests: readonly { readonly tenant: TenantId; readonly id: string }[],
  ): Promise<readonly (KnownRequest | undefined)[]>;
  /**
   * At most `limit` that have succeeded, of the next few to expire at `expireMs` or later: so many, however many there are.
   * As old as the replica that is asked.
   */
  succeeded(expireMs: number, limit: number): Promise<readonly Report[]>;
  /** Where it takes changes now. */
  stores(): Promise<Stores>;
};

/** `peer-changed`: another data center's database is read or written elsewhere from now on, and why. */
export type PeerNote =
  | ({ readonly kind: "peer-changed"; readonly datacenter: string; readonly why: string } & PeerState)
  | { readonly kind: "peer-failed"; readonly datacenter: string; readonly cause: Error };
