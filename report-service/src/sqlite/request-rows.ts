import type { ReportId, TenantId } from "../model/names.ts";
import type { Report } from "../model/report.ts";
import type { RequestKey } from "../ports/report-store.ts";
import type { Database } from "./database.ts";

/** Which report a request id made. */
export type RequestRows = {
  /** A request id that came after `sinceMs`. */
  find(
    tenant: TenantId,
    id: string,
    sinceMs: number,
  ): { readonly bodyHash: string; readonly report: ReportId } | undefined;
  put(report: Report, request: RequestKey, nowMs: number): void;
};

export function createRequestRows(database: Database): RequestRows {
  const select = database.prepare(
    "select body_hash, report from requests where tenant = ? and id = ? and created_ms > ?",
  );
  // One that is older than it is remembered makes room.
  const insert = database.prepare(
    "insert or replace into requests (tenant, id, body_hash, report, created_ms) values (?, ?, ?, ?, ?)",
  );
  return {
    find(tenant, id, sinceMs) {
      const row = select.get(tenant, id, sinceMs);
      return row && { bodyHash: String(row["body_hash"]), report: String(row["report"]) as ReportId };
    },
    put({ tenant, id }, request, nowMs) {
      insert.run(tenant, request.id, request.bodyHash, id, nowMs);
    },
  };
}
