import { createLru } from "../lib/lru.ts";
import type { Report } from "../model/report.ts";
import { isPlain } from "../model/report-filter.ts";
import type { Cursor, ReportPage, ReportQuery } from "../ports/report-store.ts";
import { arrayOf } from "./array.ts";
import type { Database, Row, Statement, Value } from "./database.ts";
import { filterSql } from "./filter-sql.ts";
import { reportOf } from "./report-rows.ts";

export type ListReports = (database: Database, query: ReportQuery, signal?: AbortSignal) => Promise<ReportPage>;

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
    let edge: Cursor | undefined;
    for (const row of rows) {
      if (row["edge_id"] !== null) edge = { createdAtMs: Number(row["edge_ms"]), id: String(row["edge_id"]) };
      if (!row["matches"]) continue;
      const kept = before?.reports.get(String(row["state"])) ?? keptOf(row);
      reports.set(String(row["state"]), kept);
      bytes += kept.bytes;
    }
    if (query.limit <= mostKnown) pages.set(name, { sinceMs, reports }, bytes, sinceMs + keepMs);
    const found = Array.from(reports.values(), ({ report }) => report);
    const shown = found.slice(0, query.limit);
    return { reports: shown, next: found.length > shown.length ? shown.at(-1) : edge };
  };
}

/** A report that was sent, with what it holds of memory; in JavaScript it takes five times the bytes of its text. */
function keptOf(row: Row): Kept {
  return { report: reportOf(row), bytes: 500 + 5 * String(row["body"]).length };
}

function statementOf(
  { tenant, filter, order, limit, lookAt, after }: ReportQuery,
  known: readonly string[],
): readonly [Statement, readonly Value[]] {
  const [direction, beyond] = order === "newest-first" ? ["desc", "<"] : ["asc", ">"];
  const values: Value[] = [tenant, limit + 1, arrayOf(known)];
  const page = after
    ? `and (created_ms, id) ${beyond} ($${values.push(after.createdAtMs)}, $${values.push(after.id)})`
    : "";
  const inOrder = `order by created_ms ${direction}, id ${direction}`;
  const from = `from reports where tenant = $1 and tenant collate "POSIX" = $1 ${page}`;
  // With its time: a report that is made again under the id of a deleted one begins later.
  const state = "created_ms || ' ' || id || ' ' || revision as state";
  // Filters come in any form: only the usual list is worth being prepared.
  if (isPlain(filter)) {
    const text = `select state, case when state = any($3::text[]) then null else body end as body,
        true as matches, null as edge_ms, null as edge_id
      from (select ${state}, body, created_ms, id ${from} ${inOrder} limit $2) as page ${inOrder}`;
    return [{ text, name: `list-${order}${after ? "-after" : ""}` }, values];
  }
  const most = `$${values.push(lookAt)}`;
  // What is looked at is numbered, and the last of it answered whether or not it matches: it tells where to go on. In one
  // statement, so that what is written meanwhile moves nothing; Postgres stops as soon as the page is full.
  const text = `select state, case when matches and state <> all($3::text[]) then body end as body, matches,
      case when nth = ${most} then created_ms end as edge_ms, case when nth = ${most} then id end as edge_id
    from (select ${state}, body, created_ms, id, nth, ${filterSql(filter, values)} as matches
      from (select *, row_number() over (${inOrder}) as nth ${from} ${inOrder} limit ${most}) as looked_at) as found
    where matches or nth = ${most} ${inOrder} limit $2`;
  return [{ text }, values];
}
