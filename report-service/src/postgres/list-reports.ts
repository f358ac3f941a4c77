import { createLru } from "../lib/lru.ts";
import type { Report } from "../model/report.ts";
import type { ReportQuery } from "../ports/report-store.ts";
import { arrayOf } from "./array.ts";
import type { Database, Row, Value } from "./database.ts";
import { filterSql } from "./filter-sql.ts";
import { reportOf } from "./report-rows.ts";

export type ListReports = (database: Database, query: ReportQuery, signal?: AbortSignal) => Promise<readonly Report[]>;

type Kept = { readonly report: Report; readonly bytes: number };

/** The reports of a page by their states; the oldest of them was read at `sinceMs`. */
type Page = { readonly sinceMs: number; readonly reports: ReadonlyMap<string, Kept> };

const mostBytes = 8 * 1024 * 1024;
// Postgres looks for each report among all that are known.
const mostKnown = 100;
// Of a page that was read this long ago everything is read again: a standby that took over may have lost a state that was
// read, and may have written another one since under the same revision.
const keepMs = 10_000;

/**
 * Lists of which Postgres sends only those reports that have changed since the same page was read before: the newest reports
 * are asked for again and again. A report is answered by the same object as long as it is in the same state.
 */
export function rememberingLists(nowMs: () => number = () => performance.now()): ListReports {
  const pages = createLru<Page>(mostBytes);

  return async (database, query, signal) => {
    const name = JSON.stringify(query);
    const before = query.limit <= mostKnown ? pages.get(name, nowMs()) : undefined;
    const sinceMs = before?.sinceMs ?? nowMs();
    const rows = await database.query(...statementOf(query, [...(before?.reports.keys() ?? [])]), signal);
    const reports = new Map<string, Kept>();
    let bytes = 0;
    for (const row of rows) {
      const kept = before?.reports.get(String(row["state"])) ?? keptOf(row);
      reports.set(String(row["state"]), kept);
      bytes += kept.bytes;
    }
    if (query.limit <= mostKnown) pages.set(name, { sinceMs, reports }, bytes, sinceMs + keepMs);
    return Array.from(reports.values(), ({ report }) => report);
  };
}

/** A report that was sent, with what it holds of memory; in JavaScript it takes five times the bytes of its text. */
function keptOf(row: Row): Kept {
  return { report: reportOf(row), bytes: 500 + 5 * String(row["body"]).length };
}

function statementOf({ tenant, filter, order, limit, after }: ReportQuery, known: readonly string[]) {
  const [direction, beyond] = order === "newest-first" ? ["desc", "<"] : ["asc", ">"];
  const values: Value[] = [tenant, limit, arrayOf(known)];
  const page = after
    ? `and (created_ms, id) ${beyond} ($${values.push(after.createdAtMs)}, $${values.push(after.id)})`
    : "";
  // With its time: a report that is made again under the id of a deleted one begins later.
  const text = `select state, case when state = any($3::text[]) then null else body end as body
    from (select created_ms || ' ' || id || ' ' || revision as state, body, created_ms, id from reports
      where tenant = $1 and tenant collate "POSIX" = $1 ${page} and ${filterSql(filter, values)}
      order by created_ms ${direction}, id ${direction} limit $2) as page
    order by created_ms ${direction}, id ${direction}`;
  // Filters come in any form: only the usual list is worth being prepared.
  const plain = filter.kind === "all" && filter.of.length === 0;
  return [{ text, ...(plain && { name: `list-${order}${after ? "-after" : ""}` }) }, values] as const;
}
