import type { Parsed } from "../model/parsed.ts";
import type { Report } from "../model/report.ts";
import type { Cursor } from "../ports/report-store.ts";

const defaultPageSize = 50;
const maxPageSize = 1000;

/** How many items a page may have: https://google.aip.dev/158 has larger sizes cut down, not refused. */
export function pageSizeOf(asked: number): Parsed<number> {
  if (asked < 0) return { ok: false, problems: [{ at: "page_size", says: "must not be negative" }] };
  return { ok: true, value: Math.min(asked === 0 ? defaultPageSize : asked, maxPageSize) };
}

/** Where the page after `last` begins. */
export function pageTokenOf(last: Report | undefined): string {
  return last ? Buffer.from(JSON.stringify([last.createdAtMs, last.id])).toString("base64url") : "";
}

/** The place that `pageTokenOf` wrote down; undefined for the first page. */
export function parsePageToken(token: string): Parsed<Cursor | undefined> {
  if (token === "") return { ok: true, value: undefined };
  try {
    const [createdAtMs, id]: unknown[] = JSON.parse(Buffer.from(token, "base64url").toString());
    if (typeof createdAtMs === "number" && typeof id === "string") return { ok: true, value: { createdAtMs, id } };
  } catch {
    // Said below, like any other text that is no token.
  }
  return { ok: false, problems: [{ at: "page_token", says: "is none that this service has given out" }] };
}
