import type { Listed } from "./listed.ts";

/**
 * How things are, as the page is told it: first whole, then what changed of it. Points in time, not ages, which would change
 * every second. Another part of the page is another member here, in `overviewNow` and in the page's `readOverview`.
 */
export type Overview = {
  readonly version: string;
  readonly traffic: {
    readonly revision: number;
    readonly reports: ToldReports;
    readonly services: Readonly<Record<string, ToldService>>;
  };
  readonly clients: ToldClients;
  readonly sources: Readonly<Record<string, ToldSource>>;
  readonly guard: ToldGuard;
  readonly store: ToldStore;
  /** As `GET /v1/operations` has them. */
  readonly shifts: Listed<unknown>;
};

export type ToldReports = {
  readonly clients: number;
  readonly of: number;
  readonly windowSeconds: number;
  readonly lagSeconds: number;
};

export type ToldService = {
  readonly rows: Listed<ToldRow>;
  readonly places: Listed<ToldPlace>;
  readonly overrides: Listed<ToldOverride>;
  readonly held: Listed<ToldHold>;
};

/** A line of what is configured; without `observed` where no client reports. */
export type ToldRow = {
  readonly from: string;
  readonly to: string;
  readonly use: "share" | "nearest" | "standby" | "unplanned";
  readonly priority: number;
  readonly weightPercent?: number | undefined;
  readonly endpoints: { readonly serving: number; readonly total: number };
  readonly observed?: ToldObserved;
  readonly regions?: Listed<{ readonly region: string; readonly observed: ToldObserved }>;
};

/** In tenths, errors in hundredths: more cannot be seen, and would change every second. */
export type ToldObserved = { readonly percent?: number; readonly rps: number; readonly errorPercent?: number };

export type ToldPlace = {
  readonly region: string;
  readonly serving: number;
  readonly draining: number;
  readonly total: number;
  readonly capacityRps?: number | undefined;
};

export type ToldOverride = {
  readonly locality: string;
  readonly weight: number;
  readonly reason: string;
  readonly by: string;
  readonly expireTime: string;
  readonly isolates?: boolean | undefined;
  readonly drain?: string | undefined;
};

export type ToldHold = { readonly locality: string; readonly percent: number; readonly clients: "all" | "grpc" };

type XdsType = "CDS" | "LDS" | "EDS" | "RDS";
type Counts = Readonly<Partial<Record<"SYNCED" | "STALE" | "NOT_SENT" | "ERROR", number>>>;

/** `groups` and `troubled` under names of their own; see `GET /v1/clients:summary`. */
export type ToldClients = {
  readonly clients: number;
  readonly synced: number;
  readonly groups: Readonly<
    Record<
      string,
      {
        readonly kind: "envoy" | "grpc";
        readonly role: string;
        readonly locality: string;
        readonly clients: number;
        readonly types: Readonly<Record<XdsType, Counts>>;
      }
    >
  >;
  readonly troubled: Readonly<
    Record<
      string,
      {
        readonly nodeId: string;
        readonly kind: "envoy" | "grpc";
        readonly locality: string;
        readonly type: XdsType;
        readonly status: "STALE" | "ERROR";
        readonly since: string;
        readonly reason?: string;
        readonly rejected?: readonly string[];
      }
    >
  >;
  readonly troubledLeftOut: number;
};

export type ToldSource = {
  readonly kind: string;
  readonly state: "waiting" | "current" | "stale" | "suspect";
  readonly since: string;
  readonly services: number;
  readonly endpoints: number;
  readonly held: number;
  readonly cause?: string;
};

/** The first hundred of each, and how many there are. */
export type ToldGuard = {
  readonly held: Listed<{
    readonly service: string;
    readonly source: string;
    readonly address: string;
    readonly change: "gone" | "new";
    readonly since: string;
    readonly believedAt?: string;
  }>;
  readonly heldInAll: number;
  readonly refused: Listed<{
    readonly service: string;
    readonly source: string;
    readonly address: string;
    readonly says: string;
  }>;
  readonly refusedInAll: number;
};

export type ToldStore = {
  readonly kind: "file" | "consul";
  readonly where: string;
  readonly state: "current" | "away" | "damaged";
  readonly since: string;
  readonly known: boolean;
  readonly revision: number;
  readonly cause?: string;
};
