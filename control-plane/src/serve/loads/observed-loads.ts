import type { Locality } from "../../model/locality.ts";

/** Requests of callers at one place to a service's endpoints at another, over the window. */
export type ObservedLoad = {
  readonly service: string;
  readonly from: Locality;
  readonly to: Locality;
  readonly priority: number;
  /** Begun within the window. */
  readonly requests: number;
  /** Ended within the window: well, or with an error of the server (HTTP 5xx, or a gRPC status that stands for one). */
  readonly ok: number;
  readonly error: number;
  /** Open when the clients last reported. */
  readonly inProgress: number;
};

/** Requests of all callers to one endpoint; told by Envoy alone. */
export type ObservedEndpoint = Omit<ObservedLoad, "from" | "priority"> & { readonly address: string };

/** Requests that callers at one place did not send at all, because of a drop policy or a circuit breaker. */
export type ObservedDrops = { readonly service: string; readonly from: Locality; readonly dropped: number };

/** Requests since the start, by region: what a counter is made of. */
export type LoadTotal = {
  readonly service: string;
  /** Regions; `other` once there are more than are kept apart. */
  readonly from: string;
  readonly to: string;
  readonly ok: number;
  readonly error: number;
  readonly dropped: number;
};

/** A client that reports its loads. */
export type ReportingClient = {
  readonly nodeId: string;
  /** Since its last report; undefined before its first. */
  readonly ageMs: number | undefined;
};

/** What clients say of their requests; read by the operator's side and by the gauges. */
export type ObservedLoads = {
  /** The length of the window. */
  readonly windowMs: number;
  /** How long ago the window ended, in milliseconds: of the time before that every client has reported. */
  lagMs(): number;
  observed(service?: string): readonly ObservedLoad[];
  endpoints(service: string): readonly ObservedEndpoint[];
  drops(service?: string): readonly ObservedDrops[];
  totals(): Iterable<LoadTotal>;
  clients(): readonly ReportingClient[];
};
