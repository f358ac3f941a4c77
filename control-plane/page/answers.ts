import type {
  Client,
  Guarded,
  OverrideRow,
  Revision,
  Source,
  Store,
  Stored,
  Traffic,
  TrafficRow,
  xdsTypes,
} from "../src/cli/api-types.ts";
import type { SplitDocument } from "../src/cli/split-edit.ts";

export type { Planned } from "../src/cli/planned.ts";
export type { Client, Guarded, OverrideRow, Revision, Source, SplitDocument, Store, Stored, Traffic, TrafficRow };

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

/** What stands in a region for a service, of `GET /v1/traffic`. */
export type PlaceRow = {
  readonly service: string;
  readonly region: string;
  readonly serving: number;
  readonly draining: number;
  readonly total: number;
  readonly capacityRps?: number;
};

export type TrafficAnswer = Traffic & { readonly places: readonly PlaceRow[] };

export type Splits = {
  readonly revision: number;
  readonly trafficSplits: readonly SplitDocument[];
  readonly stored: readonly Stored[];
};

/** All that the page shows of a control plane at one moment. */
export type Overview = {
  readonly traffic: TrafficAnswer;
  readonly clients: ClientSummary;
  readonly sources: readonly Source[];
  readonly guard: Guarded;
  readonly store: Store;
  readonly splits: Splits;
  readonly revisions: readonly Revision[];
  readonly version: string;
};
