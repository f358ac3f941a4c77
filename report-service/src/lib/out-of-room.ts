// A full disk, a quota that is used up, and a limit of a file's size.
const codes: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** Whether a file could not be written because there is no room for it now, as Node tells it. */
export function isOutOfRoom(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ("code" in error && codes.has(error.code)) || isOutOfRoom(error.cause);
}
