import type { ReportKey } from "../model/names.ts";
import { expiresAtMs, type Priority, type Report, type WorkerCluster } from "../model/report.ts";
import type { Lane } from "../ports/outbox.ts";
import type { Hint } from "./hints.ts";

/** A report as it is stored; `revision` counts every write, also those that no watcher sees. */
export type StoredReport = { readonly report: Report; readonly revision: number };

export type WaitingValue = { readonly priority: Priority; readonly kind: string };

export const waitingIn = (cluster: WorkerCluster) => `waiting:${cluster}`;
export const runningIn = (cluster: WorkerCluster) => `running:${cluster}`;
export const runningAnywhere = "running";
export const endedReports = "ended";
export const expiredReports = "expired";
export const dueNotices = "notices";
export const outboxEntries = "outbox";
export const refusedIn = ({ cluster, priority }: Lane) => `outbox:${cluster}.${priority}`;
export const refusedLanes = "refused-lanes";
export const clusters = "clusters";
export const monthsOf = (tenant: string) => `months:${tenant}`;
export const listedIn = (tenant: string, month: number) => `listed:${tenant}:${month}`;
export const requestsOf = ({ tenant, id }: ReportKey) => `requests-of:${tenant}/${id}`;

const monthMs = 30 * 86_400_000;
export const monthOf = (atMs: number): number => Math.floor(atMs / monthMs);

/** What finds a report in the state that it is in. */
export function hintsOf(stored: StoredReport): readonly Hint[] {
  const { tenant, id, notice } = stored.report;
  const { revision } = stored;
  if (!notice) return statusHintsOf(stored);
  return [...statusHintsOf(stored), { kind: dueNotices, atMs: notice.dueMs, tenant, id, revision, value: "" }];
}

function statusHintsOf({ report, revision }: StoredReport): readonly Hint[] {
  const { tenant, id, cluster, kind, priority, status, createdAtMs } = report;
  const at = (kind_: string, atMs: number, value = "") => ({ kind: kind_, atMs, tenant, id, revision, value });
  switch (status.kind) {
    case "queued":
      return [at(waitingIn(cluster), createdAtMs, JSON.stringify({ priority, kind } satisfies WaitingValue))];
    case "running":
      return [at(runningIn(cluster), status.leasedUntilMs, kind), at(runningAnywhere, status.leasedUntilMs)];
    case "expired":
      return [at(expiredReports, expiresAtMs(report) ?? 0)];
    default:
      return [at(endedReports, expiresAtMs(report) ?? 0)];
  }
}

/** What finds a report as long as there is one. */
export function lastingHintsOf({ tenant, id, cluster, createdAtMs }: Report): readonly Hint[] {
  const month = monthOf(createdAtMs);
  const of = { tenant, revision: 0, value: "" };
  return [
    { ...of, kind: listedIn(tenant, month), atMs: createdAtMs, id },
    { ...of, kind: monthsOf(tenant), atMs: month, id: "" },
    { ...of, kind: clusters, atMs: 0, tenant: "", id: cluster },
  ];
}

/** For brokers: that it began to wait. */
export function outboxHintOf({ report, revision }: StoredReport, atMs: number): Hint {
  const { tenant, id, cluster, priority } = report;
  return { kind: outboxEntries, atMs, tenant, id, revision, value: JSON.stringify({ cluster, priority }) };
}
