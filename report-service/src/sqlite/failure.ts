import { StoreUnavailable } from "../ports/store-unavailable.ts";

const busyCodes = [
  5, // BUSY: another process has the lock
  6, // LOCKED
];

// Primary codes of https://sqlite.org/rescode.html with which nothing is wrong with the statement.
const unavailableCodes = [
  ...busyCodes,
  8, // READONLY: the file, or its file system
  10, // IOERR: also what quotas and limits of a file's size come as
  13, // FULL: no space left on the disk
  14, // CANTOPEN
  15, // PROTOCOL: locks of the file that went to others again and again
];

/** That another process has the lock passes by itself; the rest may need someone who makes room. */
const retryAfterMs = { busy: 1_000, other: 5_000 };

/** Another process has what this one needs: trying again soon may help. */
export function isBusy(error: unknown): boolean {
  return busyCodes.includes(primaryCode(error) ?? 0);
}

/** The error as callers see it: `StoreUnavailable` where the file cannot be read or written now, whatever is asked of it. */
export function failureOf(error: unknown): unknown {
  const code = primaryCode(error);
  if (code === undefined || !unavailableCodes.includes(code)) return error;
  const afterMs = isBusy(error) ? retryAfterMs.busy : retryAfterMs.other;
  return new StoreUnavailable(`SQLite cannot go on: ${(error as Error).message}`, afterMs, error);
}

/** SQLite's result code without what extends it. */
function primaryCode(error: unknown): number | undefined {
  const code = error instanceof Error && "errcode" in error ? error.errcode : undefined;
  return typeof code === "number" ? code & 0xff : undefined;
}
