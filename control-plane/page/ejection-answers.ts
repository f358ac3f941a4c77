/** What `GET /v1/ejections` answers, as far as the page reads it. */
export type EjectionsAnswer = {
  readonly at: string;
  readonly asked: {
    readonly isOn: boolean;
    readonly intervalSeconds: number;
    readonly seen: number;
    readonly silent: number;
    readonly of: number;
    readonly unseen: readonly { readonly nodeId: string; readonly why: string; readonly lastSeenSeconds?: number }[];
  };
  readonly endpoints: readonly EjectedEndpoint[];
  readonly panics: readonly ServiceTrouble[];
  readonly breakers: readonly ServiceTrouble[];
  readonly lanes: readonly Lane[];
};

export type EjectedEndpoint = {
  readonly service: string;
  readonly address: string;
  readonly locality: string;
  readonly state: "enforced" | "suppressed";
  readonly clients: number;
  readonly of: number;
  readonly sinceSeconds: number;
};

export type ServiceTrouble = {
  readonly service: string;
  readonly what: string;
  readonly clients: number;
  readonly of: number;
  readonly sinceSeconds: number;
};

export type Segment = {
  readonly from: string;
  readonly to?: string;
  readonly state: "enforced" | "suppressed" | "panic";
  readonly clients: number;
  readonly of: number;
};

export type Lane = {
  readonly service: string;
  readonly address?: string;
  readonly locality: string;
  readonly segments: readonly Segment[];
};

/** The last answer and when it came, and why there is no newer one. */
export type HeardEjections = {
  readonly answer: EjectionsAnswer | undefined;
  readonly at: number;
  readonly why?: string;
};
