import type { ConsulClientLimits } from "./consul-client.ts";

export type ConsulLimits = ConsulClientLimits & {
  /** How long Consul may hold a query back while nothing changes. It bounds how late a hanging data center is noticed. */
  readonly waitMs: number;
  /** For an answer, once the wait is over. */
  readonly answerMs: number;
  /** How often a loop of blocking queries may ask. */
  readonly rate: { readonly burst: number; readonly everyMs: number };
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
  /** Services with a blocking query of their own, over all data centers that are asked at the same addresses. */
  readonly ownWatches: number;
  /** Reads at a time for the services of a data center that share its roll call. */
  readonly reads: number;
  /** How often all that share a roll call are read, whatever it said. */
  readonly sweepMs: number;
  /** So long after a change all are read, for what changed with it, or was not known yet to the server that was asked. */
  readonly afterChangeMs: number;
  /** How often each service is read with a check that the leader still leads. */
  readonly consistentMs: number;
  /** For how long the leader is asked rather than any server, after a server was caught with wrong or old data. */
  readonly mistrustMs: number;
  /** How long an index that went backwards is told of, unless it comes up again before. */
  readonly rewoundMs: number;
  /** How often network coordinates are asked for; servers send theirs every few seconds, and they move slowly. */
  readonly coordinatesMs: number;
};

export const consulLimits: ConsulLimits = {
  waitMs: 10_000,
  answerMs: 10_000,
  connectMs: 3_000,
  answerBytes: 64 * 1024 * 1024,
  lastContactMs: 10_000,
  fileMs: 1_000,
  returnMs: 30_000,
  rate: { burst: 20, everyMs: 1_000 },
  backoff: { baseMs: 500, maxMs: 10_000 },
  // An agent allows 200 connections from one address by default (limits.http_max_conns_per_client); a data center more at the
  // same agent takes up to eleven.
  ownWatches: 64,
  reads: 8,
  // 2,000 services take half a second of CPU.
  sweepMs: 120_000,
  afterChangeMs: 10_000,
  consistentMs: 300_000,
  mistrustMs: 600_000,
  rewoundMs: 600_000,
  coordinatesMs: 60_000,
};
