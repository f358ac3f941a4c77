import type { Notices } from "../ports/notices.ts";
import type { Database } from "./database.ts";
import { reportOf } from "./report-rows.ts";

const overdue = {
  name: "notices",
  text: "select body from reports where notice_ms <= $1 order by notice_ms limit $2",
};

export function createPostgresNotices(database: Database): Notices {
  return {
    due: async (beforeMs, limit) => (await database.query(overdue, [beforeMs, limit])).map(reportOf),
  };
}
