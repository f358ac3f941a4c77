import { StoreUnavailable } from "../ports/store-unavailable.ts";

const retryAfterMs = 1_000;

// Classes of https://www.postgresql.org/docs/current/errcodes-appendix.html in which nothing is wrong with the statement.
const unavailableStates = [
  "08", // connection exceptions
  "53", // no disk space, no memory, too many connections
  "57P", // shut down by its administrator, starting, crashed
  "57014", // a statement that took longer than statement_timeout
  "55P03", // a lock that was not to be had within lock_timeout
  "25006", // read-only: this was the primary, and is a standby now
  "58", // files that cannot be read or written
];

/** What makes an answer of a standby, or of a server that is going away: its connection must not be used again. */
const uselessStates = ["08", "57P", "25006", "58"];

/** The SQLSTATE of an error that Postgres sent. */
export function sqlState(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && "severity" in Object(error) ? code : undefined;
}

/** Two wrote the same unique key, and this one came second. */
export function isDuplicate(error: unknown): boolean {
  return sqlState(error) === "23505";
}

/** Postgres ended this transaction in favour of another one: it may be tried again. */
export function isDeadlock(error: unknown): boolean {
  const state = sqlState(error);
  return state === "40P01" || state === "40001";
}

export function endsConnection(error: unknown): boolean {
  if (error instanceof StoreUnavailable) return true;
  const state = sqlState(error);
  return state !== undefined && uselessStates.some((start) => state.startsWith(start));
}

/** What went wrong with the connection itself, as Postgres had no chance to say anything. */
export function connectionFailure(cause: Error): StoreUnavailable {
  return new StoreUnavailable(`Postgres is not available: ${cause.message || String(cause)}`, retryAfterMs, cause);
}

/** The error as callers see it: `StoreUnavailable` where Postgres cannot go on, whatever is asked of it. */
export function failureOf(error: unknown): unknown {
  const state = sqlState(error);
  if (state === undefined || !unavailableStates.some((start) => state.startsWith(start))) return error;
  return connectionFailure(error as Error);
}
