import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { type Report, type ReportEvent, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import type { TimelineStep } from "../operator/report-shapes.ts";

/** What happened to a report after it was created, out of its events; those that tell nothing new are left out. */
export function timelineOf(
  createTime: Timestamp | undefined,
  events: readonly Pick<ReportEvent, "time" | "report">[],
): readonly TimelineStep[] {
  const steps: TimelineStep[] = [];
  let before: Before = { state: State.QUEUED, attempts: [] };
  if (createTime) steps.push({ time: timestampDate(createTime).toISOString(), step: "queued", says: "" });
  for (const { time, report } of events) {
    if (!time || !report) continue;
    const at = timestampDate(time).toISOString();
    for (const step of stepsTo(report, before)) steps.push({ time: at, ...step });
    before = report;
  }
  return steps;
}

type Step = Omit<TimelineStep, "time">;
type Before = Pick<Report, "state" | "attempts" | "progress">;

function stepsTo(report: Report, before: Before): readonly Step[] {
  const last = report.attempts.at(-1);
  const attempt = last ? { attempt: last.number } : {};
  const newAttempts = report.attempts.slice(before.attempts.length);
  const claims = newAttempts.map(({ number, worker, datacenter, workerCluster }): Step => {
    return {
      step: "claimed",
      attempt: number,
      says: `attempt ${number} by ${worker} (${workerCluster}, ${datacenter})`,
    };
  });
  const state = report.state;
  if (state === State.QUEUED) {
    if (before.state === State.QUEUED && claims.length === 0) return [];
    return [...claims, { step: "queued", says: last?.error ? `again: ${last.error.message}` : "again" }];
  }
  if (state === State.RUNNING) {
    const { stage = "", percent = 0, rows = 0n } = report.progress ?? {};
    const isNews = claims.length > 0 || stage !== before.progress?.stage;
    if (!isNews || (stage !== "query" && stage !== "render")) return claims;
    const so = rows > 0n ? `${percent} %, ${rows} rows` : `${percent} %`;
    return [...claims, { step: stage, ...attempt, says: so }];
  }
  if (before.state === state && claims.length === 0) return claims;
  return [...claims, { ...endStep(report), ...attempt }];
}

function endStep({ state, error, artifacts }: Report): Step {
  switch (state) {
    case State.SUCCEEDED:
      return { step: "recorded", says: `${artifacts.length} ${artifacts.length === 1 ? "file" : "files"}` };
    case State.CANCELLED:
      return { step: "cancelled", says: error?.message ?? "" };
    case State.EXPIRED:
      return { step: "expired", says: "its bytes are gone" };
    default:
      return { step: "failed", says: error?.message ?? "" };
  }
}
