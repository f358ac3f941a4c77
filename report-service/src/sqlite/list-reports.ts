import { isPlain, type ReportFilter } from "../model/report-filter.ts";
import type { Cursor, ReportPage, ReportQuery } from "../ports/report-store.ts";
import type { Database } from "./database.ts";
import { filterSql } from "./filter-sql.ts";
import { reportOf } from "./report-rows.ts";

// Word for word as in the index that serves it, or SQLite does not see that it may: https://sqlite.org/partialindex.html
const unmade = "(state = 'failed' or state = 'cancelled')";

/** Nothing else runs meanwhile: what a filter passes over is bounded by `lookAt`, and by where its index leaves it out. */
export function listReports(database: Database, query: ReportQuery): ReportPage {
  const { tenant, filter, order, limit, lookAt, after } = query;
  const [direction, beyond, upTo] = order === "newest-first" ? ["desc", "<", ">="] : ["asc", ">", "<="];
  const [index, only] = findsUnmade(filter) ? ["reports_unmade", `and ${unmade}`] : ["reports_newest", ""];
  const from = `from reports indexed by ${index} where tenant = ? ${only}
    ${after ? `and (created_ms, id) ${beyond} (?, ?)` : ""}`;
  const values = [tenant, ...placeOf(after)];
  const inOrder = `order by created_ms ${direction}, id ${direction} limit`;

  // From the index alone. Without a filter nothing is passed over.
  const last = isPlain(filter)
    ? undefined
    : database.prepare(`select created_ms, id ${from} ${inOrder} 1 offset ?`).get(...values, lookAt - 1);
  const edge = last && { createdAtMs: Number(last["created_ms"]), id: String(last["id"]) };
  const condition = filterSql(filter);
  const within = edge ? `and (created_ms, id) ${upTo} (?, ?)` : "";
  const found = database
    .prepare(`select body ${from} ${within} and ${condition.sql} ${inOrder} ?`)
    .all(...values, ...placeOf(edge), ...condition.values, limit + 1);
  const reports = found.slice(0, limit).map(reportOf);
  return { reports, next: found.length > limit ? reports.at(-1) : edge };
}

function placeOf(cursor: Cursor | undefined): readonly (string | number)[] {
  return cursor ? [cursor.createdAtMs, cursor.id] : [];
}

/** Whether a filter matches none but reports that failed or were cancelled, which are few among those that succeeded. */
function findsUnmade(filter: ReportFilter): boolean {
  switch (filter.kind) {
    case "all":
      return filter.of.some(findsUnmade);
    case "any":
      return filter.of.length > 0 && filter.of.every(findsUnmade);
    case "text":
      return filter.field === "state" && filter.is === "=" && /^(failed|cancelled)$/.test(filter.value);
    default:
      return false;
  }
}
