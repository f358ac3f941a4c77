import type { Parsed } from "../model/parsed.ts";
import type { Cursor } from "../ports/report-store.ts";

const defaultPageSize = 50;
const maxPageSize = 1000;

/** How many items a page may have: https://google.aip.dev/158 has larger sizes cut down, not refused. */
export function pageSizeOf(asked: number): Parsed<number> {
  if (asked < 0) return { ok: false, problems: [{ at: "page_size", says: "must not be negative" }] };
  return { ok: true, value: Math.min(asked === 0 ? defaultPageSize : asked, maxPageSize) };
}

/** A place in the list that `digest` tells; empty after the last page. */
export function pageTokenOf(next: Cursor | undefined, digest: string): string {
  return next ? Buffer.from(JSON.stringify([next.createdAtMs, next.id, digest])).toString("base64url") : "";
}

/** The place that `pageTokenOf` wrote down for the same list; undefined for the first page. */
export function parsePageToken(token: string, digest: string): Parsed<Cursor | undefined> {
  if (token === "") return { ok: true, value: undefined };
  const refuse = (says: string): Parsed<never> => ({ ok: false, problems: [{ at: "page_token", says }] });
  try {
    const [createdAtMs, id, ofList]: unknown[] = JSON.parse(Buffer.from(token, "base64url").toString());
    if (typeof createdAtMs === "number" && typeof id === "string") {
      // https://google.aip.dev/158: all other arguments must be those of the call that gave the token.
      return ofList === digest
        ? { ok: true, value: { createdAtMs, id } }
        : refuse("is of a list with another parent, filter or order_by");
    }
  } catch {
    // Said below, like any other text that is no token.
  }
  return refuse("is none that this service has given out");
}
