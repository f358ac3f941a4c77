import type { Tally } from "../ledger.ts";

/** A request that failed. */
export type Failure = {
  /** When it was begun, in ms since 1970. */
  readonly at: number;
  readonly client: string;
  readonly method: string;
  readonly status: string;
  readonly details: string;
  readonly region: string;
};

/** What a load process says once a second, one line of JSON each. */
export type LoadReport = {
  readonly kind: "load";
  readonly tallies: readonly Tally[];
  /** The first few since the last report; the tallies hold all. */
  readonly failures: readonly Failure[];
  /** Requests begun and not yet answered. */
  readonly inFlight: number;
  /** Reports since the start: ordered, and followed to their end. */
  readonly created: number;
  readonly succeeded: number;
  readonly failed: number;
};

/** What a load process is started with, as JSON in its first argument. */
export type LoadOrder = {
  /** Requests per second, of each client. */
  readonly perSecond: number;
  readonly clients: readonly LoadClient[];
};

export type LoadClient = {
  readonly name: string;
  /** `127.0.0.1:18001` for a client behind an Envoy, `xds:///report` for a proxyless one. */
  readonly target: string;
  /** Who must be listening before the first request, `host:port` each. */
  readonly after: readonly string[];
};

export function isLoadReport(value: unknown): value is LoadReport {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "load";
}
