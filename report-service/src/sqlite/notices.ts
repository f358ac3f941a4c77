import type { Notices } from "../ports/notices.ts";
import type { Database } from "./database.ts";
import { reportOf } from "./report-rows.ts";

export function createSqliteNotices(database: Database): Notices {
  const overdue = database.prepare("select body from reports where notice_ms <= ? order by notice_ms limit ?");
  return {
    due: async (beforeMs, limit) => overdue.all(beforeMs, limit).map(reportOf),
  };
}
