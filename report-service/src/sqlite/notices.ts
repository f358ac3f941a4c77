import type { DatabaseSync } from "node:sqlite";
import type { Notices } from "../ports/notices.ts";
import { reportOf } from "./report-rows.ts";

export function createSqliteNotices(database: DatabaseSync): Notices {
  const overdue = database.prepare("select body from reports where notice_ms <= ? order by notice_ms limit ?");
  return {
    due: async (beforeMs, limit) => overdue.all(beforeMs, limit).map(reportOf),
  };
}
