import type {
  Client,
  HeldRow,
  Observed as ObservedAnswer,
  OverrideRow as OverrideAnswer,
  Revision,
  Source,
  Store,
  Stored,
  TrafficRow as TrafficRowAnswer,
  Traffic as TrafficTold,
  xdsTypes,
} from "../src/cli/api-types.ts";
import type { SplitDocument } from "../src/cli/split-edit.ts";

export type { Planned } from "../src/cli/planned.ts";
export type { Client, Revision, SplitDocument, Store, Stored };

export type XdsType = (typeof xdsTypes)[number];
export type ClientStatus = "SYNCED" | "STALE" | "NOT_SENT" | "ERROR";

/** Clients of one kind at one place, of `GET /v1/clients:summary`. */
export type ClientGroup = {
  readonly kind: "envoy" | "grpc";
  readonly role: string;
  readonly locality: string;
  readonly clients: number;
  /** How many of them are in which state, by type; states that nobody is in are left out. */
  readonly types: Readonly<Record<XdsType, Readonly<Partial<Record<ClientStatus, number>>>>>;
};

export type TroubledClient = {
  readonly nodeId: string;
  readonly kind: "envoy" | "grpc";
  readonly locality: string;
  readonly type: XdsType;
  readonly status: "STALE" | "ERROR";
  readonly ageSeconds: number;
  readonly reason?: string;
  readonly rejected?: readonly string[];
};

export type ClientSummary = {
  readonly clients: number;
  readonly synced: number;
  readonly groups: readonly ClientGroup[];
  readonly troubled: readonly TroubledClient[];
  readonly troubledLeftOut: number;
};

/** As the stream has them: without the counts that nothing here shows. */
export type Observed = Pick<ObservedAnswer, "percent" | "rps" | "errorPercent">;
export type TrafficRow = Omit<TrafficRowAnswer, "observed" | "regions" | "weightPercent"> & {
  readonly weightPercent?: number | undefined;
  readonly observed?: Observed;
  readonly regions?: readonly { readonly region: string; readonly observed: Observed }[];
};
export type OverrideRow = Omit<OverrideAnswer, "isolates" | "drain"> & {
  readonly isolates?: boolean | undefined;
  readonly drain?: string | undefined;
};
export type SourceRow = Omit<Source, "since"> & { readonly held: number };

/** The first hundred of each, and how many there are. */
export type Guarded = {
  readonly held: readonly Omit<HeldRow, "why" | "since">[];
  readonly heldInAll: number;
  readonly refused: readonly {
    readonly service: string;
    readonly source: string;
    readonly address: string;
    readonly says: string;
  }[];
  readonly refusedInAll: number;
};

/** What stands in a region for a service, of `GET /v1/traffic`. */
export type PlaceRow = {
  readonly service: string;
  readonly region: string;
  readonly serving: number;
  readonly draining: number;
  readonly total: number;
  readonly capacityRps?: number | undefined;
};

export type TrafficAnswer = Omit<TrafficTold, "rows" | "overrides"> & {
  readonly rows: readonly TrafficRow[];
  readonly overrides: readonly OverrideRow[];
  readonly places: readonly PlaceRow[];
};

export type Splits = {
  readonly revision: number;
  readonly trafficSplits: readonly SplitDocument[];
  readonly stored: readonly Stored[];
};

/** A shift of `GET /v1/operations`. */
export type Shift = {
  readonly name: string;
  readonly service: string;
  readonly from: string;
  readonly state: "running" | "paused" | "waiting" | "succeeded" | "rolledBack" | "aborted";
  readonly step: number;
  readonly steps: number;
  /** Percent of the way. */
  readonly weight: number;
  readonly target: Readonly<Record<string, number>>;
  readonly nextStepTime?: string;
  readonly guard?: { readonly metrics: readonly { readonly name: string; readonly max: number }[] };
  readonly failures: readonly { readonly says: string }[];
  readonly by: string;
  readonly reason: string;
  readonly paused?: { readonly by: string; readonly reason: string };
  readonly ended?: { readonly time: string; readonly by: string; readonly reason: string };
};

/** All that the page shows of a control plane at one moment. */
export type Overview = {
  /** By the server's clock, in milliseconds since the epoch. */
  readonly at: number;
  readonly traffic: TrafficAnswer;
  readonly clients: ClientSummary;
  readonly sources: readonly SourceRow[];
  readonly guard: Guarded;
  readonly store: Store;
  /** Of each split the one that runs, or the last that ran. */
  readonly shifts: readonly Shift[];
  readonly splits: Splits;
  readonly revisions: readonly Revision[];
  readonly version: string;
};
