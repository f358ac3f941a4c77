import type { ToldFinding } from "./findings.ts";

// What `POST /v1/config:plan` answers, as far as it is printed.

export type Field = { readonly path: string; readonly before?: unknown; readonly after?: unknown };

export type PlannedResource = {
  readonly type: string;
  readonly name: string;
  readonly action: "added" | "changed" | "removed";
  readonly viewers: readonly string[];
  readonly versionBefore?: string;
  readonly versionAfter?: string;
  readonly fields: readonly Field[];
  readonly fieldsLeftOut: number;
};

export type PlannedTraffic = {
  readonly service: string;
  readonly basis: "observed" | "declared" | "clients" | "imagined";
  readonly rps?: number;
  readonly callers: readonly { readonly from: string; readonly kind: string; readonly percent: number }[];
  readonly regions: readonly {
    readonly region: string;
    readonly percentBefore: number;
    readonly percentAfter: number;
    readonly capacityRps?: number;
  }[];
};

export type Planned = {
  /** Of one that is kept, for `apply --plan`. */
  readonly id?: string;
  readonly expireTime?: string;
  readonly base: number;
  readonly isEmpty: boolean;
  readonly documents: readonly {
    readonly kind: string;
    readonly name: string;
    readonly action: "create" | "update" | "delete";
    readonly fields: readonly Field[];
    /** What connected clients do not do of what is new in it. */
    readonly notes: readonly string[];
  }[];
  readonly resources: readonly PlannedResource[];
  readonly clients: {
    readonly touched: number;
    readonly of: number;
    readonly groups: readonly {
      readonly kind: string;
      readonly role: string;
      readonly locality: string;
      readonly clients: number;
      readonly synced: number;
      readonly behind: readonly string[];
    }[];
  };
  readonly traffic: readonly PlannedTraffic[];
  readonly findings: readonly ToldFinding[];
  readonly resolved: readonly ToldFinding[];
  readonly unknown: readonly string[];
};
