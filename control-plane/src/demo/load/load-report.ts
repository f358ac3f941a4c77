import type { Tally } from "../ledger.ts";
import type { Language } from "./ordered-report.ts";

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

/** What a load process says again and again, one line of JSON each. */
export type LoadReport = {
  readonly kind: "load";
  readonly tallies: readonly Tally[];
  /** The first few since the last report; the tallies hold all. */
  readonly failures: readonly Failure[];
  /** Requests begun and not yet answered. */
  readonly inFlight: number;
  /** Reports since the start: ordered, and followed to their end. */
  readonly created: number;
  readonly succeeded: Readonly<Record<Language, number>>;
  readonly failed: number;
};

/** What a load process is to do. */
export type LoadOrder = {
  /** Requests per second, of each client. */
  readonly perSecond: number;
  readonly clients: readonly LoadClient[];
};

export type LoadClient =
  /** `target` is the Envoy's `host:port`. */
  | { readonly kind: "behind-envoy"; readonly name: string; readonly target: string }
  /** `bootstrap` is what tells grpc-js-xds whom to ask (gRFC A27), as JSON. A process can have only one. */
  | {
      readonly kind: "proxyless";
      readonly name: string;
      readonly target: string;
      readonly bootstrap: string;
      /** Where it serves gRPC's admin services, CSDS among them. */
      readonly adminPort: number;
    };

export function isLoadReport(value: unknown): value is LoadReport {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "load";
}
