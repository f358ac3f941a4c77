import type { ReportKey } from "../model/names.ts";
import type { Report } from "../model/report.ts";
import type { ReportQuery } from "../ports/report-store.ts";
import type { Database, Value } from "./database.ts";
import { filterSql } from "./filter-sql.ts";
import { readReport, reportOf } from "./report-rows.ts";

/** What is read of single reports and lists of them. */
export type ReadReports = {
  read(key: ReportKey, signal?: AbortSignal): Promise<Report | undefined>;
  list(query: ReportQuery, signal?: AbortSignal): Promise<readonly Report[]>;
  /** These have just been written here: who reads them next must see it. */
  wrote(keys: readonly ReportKey[]): void;
};

export function readFromPrimary(database: Database): ReadReports {
  return {
    read: async (key, signal) => (await readReport(database, key, signal))?.report,
    list: (query, signal) => listReports(database, query, signal),
    wrote: () => undefined,
  };
}

export async function listReports(
  database: Database,
  { tenant, filter, order, limit, after }: ReportQuery,
  signal?: AbortSignal,
): Promise<readonly Report[]> {
  const [direction, beyond] = order === "newest-first" ? ["desc", "<"] : ["asc", ">"];
  const values: Value[] = [tenant, limit];
  const page = after
    ? `and (created_ms, id) ${beyond} ($${values.push(after.createdAtMs)}, $${values.push(after.id)})`
    : "";
  const text = `select body from reports where tenant = $1 and tenant collate "POSIX" = $1 ${page} and ${filterSql(filter, values)}
    order by created_ms ${direction}, id ${direction} limit $2`;
  // Filters come in any form: only the usual list is worth being prepared.
  const plain = filter.kind === "all" && filter.of.length === 0;
  const statement = { text, ...(plain && { name: `list-${order}${after ? "-after" : ""}` }) };
  return (await database.query(statement, values, signal)).map(reportOf);
}
