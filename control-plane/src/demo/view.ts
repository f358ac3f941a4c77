import type { Language } from "./load/ordered-report.ts";
/** All that the live table shows. */
export type View = {
  readonly admin: string;
  readonly upForMs: number;
  readonly datacenters: readonly DatacenterView[];
  readonly clients: readonly ClientView[];
  readonly requestsPerSecond: number;
  /** Since the start. */
  readonly errors: number;
  readonly reports: ReportsView;
  /** Oldest first. */
  readonly events: readonly DemoEvent[];
};

export type ReportsView = {
  /** What waits and runs now, undefined while nobody says so. */
  readonly queues: readonly QueueView[] | undefined;
  /** Since the start. */
  readonly done: Readonly<Record<Language, number>>;
  readonly failed: number;
};

export type QueueView = { readonly language: Language; readonly waiting: number; readonly running: number };

export type DatacenterView = {
  readonly name: string;
  readonly up: number;
  readonly of: number;
  /** What was done to it: `killed`, `answers UNAVAILABLE`; empty when it is as it should be. */
  readonly note: string;
};

export type ClientView = {
  readonly name: string;
  readonly kind: "Envoy" | "grpc-js";
  /** Where it runs. */
  readonly datacenter: string;
  /** In the order of the view's data centers. */
  readonly rows: readonly ShareView[];
  /** Requests in the window that failed without any server's answer. */
  readonly unanswered: number;
};

export type ShareView = {
  /** Percent, `standby` for a failover, undefined while unknown or none. */
  readonly configured: number | "standby" | undefined;
  /** 0 to 1. */
  readonly observed: number;
  readonly requestsPerSecond: number;
  readonly errors: number;
};

export type DemoEvent = {
  readonly at: Date;
  readonly tone: "good" | "bad" | "plain";
  readonly says: string;
};
