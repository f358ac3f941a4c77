/** An endpoint that clients do not use, or would not if they might. */
export type EjectedEndpoint = {
  readonly service: string;
  /** `10.0.0.1:8080`. */
  readonly address: string;
  readonly locality: string;
  /**
   * - `enforced`: clients ejected it.
   * - `suppressed`: it fails, and no client may eject it, as `maxEjectionPercent` is reached (Envoy's overflow).
   */
  readonly state: "enforced" | "suppressed";
  /** How many clients say so, of those that see the endpoint and can be asked. */
  readonly clients: number;
  readonly of: number;
  readonly since: Date;
  /** What clients say against it: `failed_outlier_check`, `failed_active_health_check`. */
  readonly flags: readonly string[];
  /** The lowest that a client has, in percent, where success rates are looked at. */
  readonly successRate: number | undefined;
  /** Of these clients the first few. */
  readonly nodeIds: readonly string[];
};

/** A trouble of a service as a whole: it goes on while some client has it. */
export type ServiceTrouble = {
  readonly service: string;
  /** `panic`: so few endpoints are healthy that clients use all. `default.rq_open`: a circuit breaker that is open. */
  readonly what: string;
  readonly clients: number;
  readonly of: number;
  readonly since: Date;
  readonly nodeIds: readonly string[];
};

/** A stretch of time in which nothing of it changed; open at the end while it goes on. */
export type Segment = {
  readonly from: Date;
  readonly to: Date | undefined;
  readonly state: "enforced" | "suppressed" | "panic";
  readonly clients: number;
  readonly of: number;
};

/** What became of an endpoint, or of a service's panic (without an address), oldest first. */
export type Lane = {
  readonly service: string;
  readonly address: string | undefined;
  readonly locality: string;
  readonly segments: readonly Segment[];
};

export type EjectionHappening = {
  readonly what: "ejection" | "panic" | "breaker";
  readonly change: "began" | "ended";
  readonly at: Date;
  readonly service: string;
  readonly address?: string;
  readonly locality?: string;
  readonly state?: EjectedEndpoint["state"];
  readonly breaker?: string;
  readonly clients: number;
  readonly of: number;
  /** Ended: how long it was. */
  readonly lastedMs?: number;
  /** Ended because nobody can be asked any more that had it, not because it is well. */
  readonly isUnknown?: boolean;
};

/** All that the clients that can be asked tell of their endpoints. */
export type Ejections = {
  readonly endpoints: readonly EjectedEndpoint[];
  readonly panics: readonly ServiceTrouble[];
  readonly breakers: readonly ServiceTrouble[];
  readonly lanes: readonly Lane[];
  /** The newest last; `sequence` of the last is `happened`. */
  readonly happenings: readonly EjectionHappening[];
  readonly happened: number;
};
