// What `GET /v1/explain` answers, as far as it is printed.

export type Explained = {
  readonly revision: number;
  readonly client: { readonly nodeId?: string; readonly kind: "edge" | "sidecar" | "grpc"; readonly from: string };
  readonly host: string;
  readonly path: string;
  readonly destinations: readonly ExplainedDestination[];
  readonly mirrors: readonly { readonly rule?: string; readonly cluster: string; readonly percent: number }[];
  readonly unmatchedPercent: number;
  readonly refusedPercent: number;
};

export type ExplainedDestination = {
  readonly route?: string;
  readonly rule?: string;
  readonly cluster: string;
  readonly percent: number;
  readonly abortedPercent: number;
  readonly notes: readonly string[];
  readonly now: ExplainedShares;
  readonly ifs: readonly { readonly if: string; readonly affected: number; readonly prediction: ExplainedShares }[];
};

export type ExplainedShares = {
  readonly failedPercent: number;
  readonly priorities: readonly { readonly priority: number; readonly percent: number; readonly panic: boolean }[];
  readonly localities: readonly { readonly locality: string; readonly priority: number; readonly percent: number }[];
  readonly endpoints: readonly {
    readonly address: string;
    readonly locality: string;
    readonly priority: number;
    readonly percent: number;
  }[];
};
