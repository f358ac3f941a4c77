import type { KindName, ReportId, ReportKey, TenantId } from "@weir/report-service/src/model/names.ts";
import { type Artifact, newReport, type Report } from "@weir/report-service/src/model/report.ts";
import type { Claimant } from "@weir/report-service/src/ports/job-queue.ts";

/** Who claims whatever is there. */
export const claimant: Claimant = {
  ...{ worker: "grower", datacenter: "dc-a", cluster: "sql", leaseMs: 3_600_000 },
  shares: { everyone: { weight: 1, concurrency: 10_000_000 }, others: new Map() },
};

/** The report of that number, which is of one of so many tenants. */
export function reportOf(id: string, tenants: number, index: number, createdAtMs: number): Report {
  return newReport({
    tenant: `tenant-${index % tenants}` as TenantId,
    id: `dc-a-${id}-${index}` as ReportId,
    kind: "sales-by-region" as KindName,
    parameters: { from: "2026-01-01", to: "2026-02-01", region: "eu", number: index },
    formats: ["csv"],
    labels: { team: index % 1_000 === 0 ? "rare" : "common" },
    datacenter: "dc-a",
    retentionMs: 86_400_000,
    contentKey: `content-${id}-${index}`,
    createdAtMs,
  });
}

/** What an attempt at it has made. */
export function artifactOf({ tenant, id }: ReportKey): Artifact {
  return { format: "csv", key: `${tenant}/${id}/1/report.csv`, sizeBytes: 100, rows: 3, sha256: "ab".repeat(32) };
}
