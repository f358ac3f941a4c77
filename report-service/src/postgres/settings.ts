import type { Addresses } from "./connect.ts";

export type PostgresSettings = {
  readonly addresses: Addresses;
  /** Read from these standbys what may come from them. */
  readonly replicas?: Addresses;
  /** Connections open at once, of these unused at once, and how old one may become. */
  readonly pool: { readonly max: number; readonly maxIdle: number; readonly lifetimeMs: number };
  /** What takes longer is given up: a connect, a statement, the wait for a connection. */
  readonly connectMs: number;
  readonly statementMs: number;
  readonly patienceMs: number;
};

export const defaultSettings: Omit<PostgresSettings, "addresses"> = {
  pool: { max: 50, maxIdle: 25, lifetimeMs: 5 * 60_000 },
  connectMs: 2_000,
  statementMs: 10_000,
  patienceMs: 2_000,
};
