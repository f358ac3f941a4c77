import { admit, type QueueLimits } from "../model/admission.ts";
import type { Report } from "../model/report.ts";
import { type Created, type Creation, type RequestKey, requestIdMs } from "../ports/report-store.ts";
import type { Found } from "./look-up-creates.ts";
import { laneOf } from "./queue-counts.ts";
import { keyOf } from "./report-rows.ts";

export type NewRequest = { readonly report: Report; readonly request: RequestKey; readonly atMs: number };

/** What has to be written for creates. */
export type Inserts = {
  readonly reports: readonly { readonly report: Report; readonly answers: boolean }[];
  readonly requests: readonly NewRequest[];
  /** Request ids that are no longer remembered, or whose report is gone. */
  readonly staleRequests: readonly NewRequest[];
  /** Content that an older report answered for, which is too old. */
  readonly staleContents: readonly Report[];
};

/** The answer to a create for which nothing is to be made. */
export function answerOf(creation: Creation, found: Found): Created | undefined {
  return repeated(creation, found) ?? reused(creation, found) ?? taken(creation, found);
}

function repeated({ report, request }: Creation, { requests }: Found): Created | undefined {
  const known = request && requests.get(`${report.tenant}/${request.id}`);
  if (!known?.report || known.createdAtMs <= report.createdAtMs - requestIdMs) return undefined;
  return { kind: known.bodyHash === request?.bodyHash ? "repeated" : "other-body", report: known.report };
}

function reused({ report, reuseSinceMs }: Creation, { contents }: Found): Created | undefined {
  if (reuseSinceMs === undefined || report.contentKey === undefined) return undefined;
  const same = contents.get(`${report.tenant}/${report.contentKey}`);
  return same && same.createdAtMs >= reuseSinceMs ? { kind: "reused", report: same } : undefined;
}

function taken({ report }: Creation, { ids }: Found): Created | undefined {
  const other = ids.get(keyOf(report));
  return other && { kind: "id-taken", report: other };
}

type Lengths = ReadonlyMap<string, { readonly queued: number; readonly ofTenant: number }>;

/** Decides each in turn; what one makes, those after it find. */
export function planCreates(
  creations: readonly Creation[],
  stored: Found,
  limits: QueueLimits,
  lengths: Lengths,
  oldest: ReadonlyMap<string, number>,
): { readonly answers: readonly Created[]; readonly inserts: Inserts } {
  const found: Found = {
    requests: new Map(stored.requests),
    contents: new Map(stored.contents),
    ids: new Map(stored.ids),
  };
  const inserts = {
    reports: [] as { report: Report; answers: boolean }[],
    requests: [] as NewRequest[],
    staleRequests: [] as NewRequest[],
    staleContents: [] as Report[],
  };

  function one(creation: Creation): Created {
    const { report, request } = creation;
    const before = repeated(creation, found);
    if (before) return before;
    const answer = reused(creation, found) ?? taken(creation, found) ?? make(creation);
    if (request && (answer.kind === "created" || answer.kind === "reused")) keepRequest(answer.report, request, report);
    return answer;
  }

  function make({ report, reuseSinceMs }: Creation): Created {
    const { cluster, tenant, priority, createdAtMs, contentKey } = report;
    const length = lengths.get(laneOf(report)) ?? { queued: 0, ofTenant: 0 };
    const here = inserts.reports.filter((other) => other.report.cluster === cluster);
    const ofTenant = length.ofTenant + here.filter((other) => other.report.tenant === tenant).length;
    const oldestMs = oldest.get(cluster);
    const queue = {
      queued: length.queued + here.length,
      ofTenant,
      ...(oldestMs !== undefined && { oldestQueuedAtMs: oldestMs }),
    };
    const admission = admit(queue, limits, priority, createdAtMs);
    if (admission.kind === "full") return admission;
    const answers = reuseSinceMs !== undefined && contentKey !== undefined;
    if (answers) {
      const name = `${tenant}/${contentKey}`;
      const older = found.contents.get(name);
      const mine = inserts.reports.find((other) => other.report === older);
      if (mine) mine.answers = false;
      else if (older) inserts.staleContents.push(older);
      found.contents.set(name, report);
    }
    inserts.reports.push({ report, answers });
    found.ids.set(keyOf(report), report);
    return { kind: "created", report };
  }

  function keepRequest(answer: Report, request: RequestKey, asked: Report): void {
    const name = `${asked.tenant}/${request.id}`;
    const kept = { report: answer, request, atMs: asked.createdAtMs };
    if (found.requests.has(name)) inserts.staleRequests.push(kept);
    found.requests.set(name, { bodyHash: request.bodyHash, createdAtMs: asked.createdAtMs, report: answer });
    inserts.requests.push(kept);
  }

  return { answers: creations.map(one), inserts };
}
