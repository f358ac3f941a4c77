import type { ReportKey } from "../model/names.ts";
import type { Report } from "../model/report.ts";
import type { ReportPage, ReportQuery } from "../ports/report-store.ts";
import type { Database } from "./database.ts";
import type { ListReports } from "./list-reports.ts";
import { readReport } from "./report-rows.ts";

/** What is read of single reports and lists of them. */
export type ReadReports = {
  read(key: ReportKey, signal?: AbortSignal): Promise<Report | undefined>;
  list(query: ReportQuery, signal?: AbortSignal): Promise<ReportPage>;
  /** These have just been written here: who reads them next must see it. */
  wrote(keys: readonly ReportKey[]): void;
};

export function readFromPrimary(database: Database, listReports: ListReports): ReadReports {
  return {
    read: async (key, signal) => (await readReport(database, key, signal))?.report,
    list: (query, signal) => listReports(database, query, signal),
    wrote: () => undefined,
  };
}
