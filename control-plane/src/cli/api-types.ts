import type { WhyHeld } from "../model/why-held.ts";
import type { ToldFinding } from "./findings.ts";

// What the REST API answers, as far as the commands read it; /openapi.json has the whole.

export type Document = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
};

export type Stored = {
  readonly name: string;
  readonly etag: string;
  readonly revision: number;
  readonly origin: { readonly kind: "file"; readonly path: string } | { readonly kind: "api" };
  readonly changed: { readonly at: string; readonly by: string; readonly reason: string };
};

/** Of `GET /v1/{collection}`: the documents stand under the collection's own name. */
export type Listing = { readonly revision: number; readonly stored: readonly Stored[] };

export type TrafficRow = {
  readonly service: string;
  readonly from: string;
  readonly to: string;
  readonly use: "share" | "nearest" | "standby" | "unplanned";
  readonly priority: number;
  readonly weightPercent?: number;
  readonly endpoints: { readonly serving: number; readonly total: number };
  readonly observed?: Observed;
  readonly driftPoints?: number;
  readonly regions?: readonly { readonly region: string; readonly observed: Observed }[];
};

export type Observed = {
  readonly percent?: number;
  readonly requests: number;
  readonly rps: number;
  readonly errorPercent?: number;
  readonly inProgress: number;
};

export type OverrideRow = {
  readonly service: string;
  readonly locality: string;
  readonly weight: number;
  readonly reason: string;
  readonly by: string;
  readonly expireTime: string;
  readonly expiresInSeconds: number;
  readonly isolates?: boolean;
  readonly drain?: string;
};

export type Traffic = {
  readonly revision: number;
  readonly rows: readonly TrafficRow[];
  readonly overrides: readonly OverrideRow[];
  readonly held: readonly {
    readonly service: string;
    readonly locality: string;
    readonly percent: number;
    readonly clients: "all" | "grpc";
  }[];
  readonly reports: {
    readonly clients: number;
    readonly of: number;
    readonly windowSeconds: number;
    readonly lagSeconds: number;
  };
};

export type TypeStatus = {
  readonly status: "SYNCED" | "STALE" | "NOT_SENT" | "ERROR";
  readonly since: string;
  readonly ageSeconds: number;
  readonly acked?: string;
  readonly reason?: string;
  readonly rejected?: readonly string[];
};

export const xdsTypes = ["CDS", "LDS", "EDS", "RDS"] as const;

/** What a client itself says that it runs. */
export type RunningClient = {
  readonly state: "seen" | "unseen" | "waiting" | "unasked";
  readonly why?: string;
  readonly ageSeconds?: number;
  readonly differing?: number;
  readonly extra?: readonly string[];
};

export type Client = {
  readonly nodeId: string;
  readonly cluster: string;
  readonly kind: "envoy" | "grpc";
  readonly role: string;
  readonly locality: string;
  readonly agent: string;
  readonly protocol: string;
  readonly peer: string;
  readonly viewer: string;
  readonly connectedAt: string;
  readonly connectedSeconds: number;
  readonly problems?: readonly string[];
  readonly running: RunningClient;
  readonly types: Readonly<Record<(typeof xdsTypes)[number], TypeStatus>>;
  readonly cost: {
    readonly requests: number;
    readonly responses: number;
    readonly responseBytes: number;
    readonly acks: number;
    readonly nacks: number;
  };
};

export type ClientResource = {
  readonly type: string;
  readonly name: string;
  readonly status: "REQUESTED" | "ACKED" | "NACKED" | "DOES_NOT_EXIST";
  readonly version: string;
  readonly held: string;
  readonly at: string;
  readonly revision?: number;
  readonly changedBy?: { readonly by: string; readonly reason: string; readonly at: string };
  readonly reason?: string;
  readonly attempts?: number;
  readonly retryAt?: string;
  readonly running?: {
    readonly isThere: boolean;
    readonly version: string;
    readonly ageSeconds: number;
    readonly differs?: boolean;
    readonly differences?: readonly {
      readonly path: string;
      readonly wanted?: unknown;
      readonly running?: unknown;
    }[];
  };
};

export type Settled = { readonly acked: number; readonly of: number; readonly tookMs: number };

export type Placements = {
  readonly service: string;
  readonly from: string;
  readonly client: string;
  readonly placements: readonly {
    readonly priority: number;
    readonly locality: string;
    readonly weight: number;
    readonly sharePercent: number;
    readonly nowPercent?: number;
    readonly heldAtPercent?: number;
    readonly ceilingRps?: number;
    readonly endpoints: readonly {
      readonly id: string;
      readonly address: string;
      readonly weight: number;
      readonly health: string;
      readonly source: string;
    }[];
  }[];
};

export type Source = {
  readonly source: string;
  readonly kind: string;
  readonly state: "waiting" | "current" | "stale" | "suspect";
  readonly since: string;
  readonly ageSeconds: number;
  readonly services: number;
  readonly endpoints: number;
  readonly cause?: string;
};

export type Guarded = {
  readonly held: readonly HeldRow[];
  readonly feeds: readonly {
    readonly service: string;
    readonly source: string;
    readonly state: "fresh" | "stale" | "suspect" | "waiting";
    readonly rewound: boolean;
    readonly says: number;
    readonly endpoints: number;
    readonly flapping: readonly string[];
  }[];
  readonly refused: readonly {
    readonly service: string;
    readonly source: string;
    readonly address: string;
    readonly says: string;
  }[];
};

export type HeldRow = {
  readonly service: string;
  readonly source: string;
  readonly change: "gone" | "new";
  readonly address: string;
  readonly why: WhyHeld;
  readonly since: string;
  readonly heldSeconds: number;
  readonly believedInSeconds?: number;
};

export type Revision = {
  readonly revision: number;
  readonly at: string;
  readonly by: string;
  readonly through: "api" | "file";
  readonly reason: string;
  readonly changes: readonly ChangedDocument[];
};

export type ChangedDocument = {
  readonly kind: string;
  readonly name: string;
  readonly action: string;
  /** Where they were asked for and are kept. */
  readonly fields?: readonly { readonly path: string; readonly before?: unknown; readonly after?: unknown }[];
};

export type Registration = {
  readonly service: string;
  readonly id: string;
  readonly address: string;
  readonly locality: string;
  readonly weight: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly health: string;
  readonly registeredAt: string;
  readonly renewedAt: string;
  readonly expires?: string;
  readonly expiresInSeconds?: number;
  readonly usedBy: readonly string[];
};

export type Applied = {
  readonly revision: number;
  readonly validateOnly: boolean;
  readonly changes: readonly {
    readonly kind: string;
    readonly name: string;
    readonly action: "create" | "update" | "unchanged" | "delete";
    readonly etag?: string;
  }[];
  readonly findings: readonly ToldFinding[];
};

export type Store = {
  readonly kind: "file" | "consul";
  readonly where: string;
  readonly state: "current" | "away" | "damaged";
  readonly ageSeconds: number;
  readonly cause?: string;
  readonly known: boolean;
  readonly revision: number;
};

export type Described = {
  readonly kind: string;
  readonly name: string;
  readonly services: readonly {
    readonly name: string;
    readonly served: boolean;
    readonly why?: string;
    readonly resources?: Readonly<
      Record<
        string,
        {
          readonly listeners: readonly string[];
          readonly routes: readonly string[];
          readonly clusters: readonly string[];
        }
      >
    >;
  }[];
  readonly documents: readonly DescribedDocument[];
  readonly clients: readonly { readonly kind: string; readonly version: string; readonly clients: number }[];
  readonly programmed: {
    readonly clients: number;
    readonly has: number;
    readonly behind: number;
    readonly rejects: readonly {
      readonly nodeId: string;
      readonly agent: string;
      readonly type: string;
      readonly resource: string;
      readonly reason: string;
    }[];
  };
  readonly notes: readonly string[];
};

export type DescribedDocument = {
  readonly kind: string;
  readonly name: string;
  readonly origin: { readonly kind: "api" | "default" } | { readonly kind: "file"; readonly path: string };
  readonly accepted?: {
    readonly revision: number;
    readonly at: string;
    readonly by: string;
    readonly reason: string;
  };
  readonly fields: readonly DescribedField[];
};

export type DescribedField = {
  readonly path: string;
  readonly value: unknown;
  readonly origin: "document" | "default";
  readonly on: readonly {
    readonly kind: string;
    readonly version: string;
    readonly clients: number;
    readonly effect: "obeyed" | "approximated" | "ignored" | "withheld";
    readonly instead: string;
  }[];
};

/** A shift of traffic. */
export type Operation = {
  readonly name: string;
  readonly split: string;
  readonly service: string;
  readonly from: string;
  readonly state: "running" | "paused" | "waiting" | "succeeded" | "rolledBack" | "aborted";
  readonly step: number;
  readonly steps: number;
  readonly shares: Readonly<Record<string, number>>;
  readonly base: Readonly<Record<string, number>>;
  readonly target: Readonly<Record<string, number>>;
  readonly plan: readonly { readonly setWeight?: number; readonly pause?: string }[];
  readonly nextStepTime?: string;
  readonly guard?: {
    readonly interval: string;
    readonly failureLimit: number;
    readonly metrics: readonly { readonly name: string; readonly max?: number; readonly before?: number }[];
  };
  readonly onFailure: "rollback" | "pause";
  readonly failures: readonly { readonly says: string }[];
  readonly by: string;
  readonly startTime: string;
  readonly paused?: { readonly reason: string };
  readonly ended?: { readonly time: string; readonly reason: string };
};
