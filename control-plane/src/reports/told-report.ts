import { anyUnpack, type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { ErrorInfoSchema } from "@weir/proto/google/rpc/error_details_pb.ts";
import type { Status } from "@weir/proto/google/rpc/status_pb.ts";
import { Format, Priority, type Report, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import type { ToldReport } from "../operator/report-shapes.ts";

/** A report of the report service as the operator API tells it. */
export function toldReport(report: Report): ToldReport {
  const { name, kind, state, priority, progress, homeDatacenter, error, etag } = report;
  return {
    id: name.split("/").at(-1) ?? name,
    name,
    kind: kind.replace(/^reportKinds\//, ""),
    state: stateName(state),
    priority: priorityName(priority),
    ...timeField("createTime", report.createTime),
    ...timeField("startTime", report.startTime),
    ...timeField("endTime", report.endTime),
    ...timeField("expireTime", report.expireTime),
    homeDatacenter,
    ...(progress && {
      progress: {
        ...{ percent: progress.percent, stage: progress.stage, rows: Number(progress.rows) },
        ...(progress.queuePosition > 0 && { queuePosition: progress.queuePosition }),
      },
    }),
    artifacts: report.artifacts.map(({ format, sizeBytes, rowCount, mediaType }) => ({
      format: formatName(format),
      sizeBytes: Number(sizeBytes),
      rowCount: Number(rowCount),
      mediaType,
    })),
    attempts: report.attempts.map(({ number, worker, workerCluster, datacenter, startTime, endTime, error: why }) => ({
      ...{ number, worker, workerCluster, datacenter },
      ...timeField("startTime", startTime),
      ...timeField("endTime", endTime),
      ...(why && { error: errorOf(why) }),
    })),
    ...(error && { error: errorOf(error) }),
    etag,
  };
}

export function stateName(state: State): ToldReport["state"] {
  return (nameIn(State, state) ?? "QUEUED") as ToldReport["state"];
}

export function formatName(format: Format): ToldReport["artifacts"][number]["format"] {
  return (nameIn(Format, format) ?? "CSV") as ToldReport["artifacts"][number]["format"];
}

/** Undefined for what only another version of the service knows. */
function nameIn(names: Readonly<Record<string, number>>, value: number): string | undefined {
  return Object.entries(names).find(([, each]) => each === value)?.[0];
}

function priorityName(priority: Priority): ToldReport["priority"] {
  switch (priority) {
    case Priority.INTERACTIVE:
      return "INTERACTIVE";
    case Priority.BULK:
      return "BULK";
    default:
      return "STANDARD";
  }
}

function errorOf({ message, details }: Status) {
  const reason = details.map((detail) => anyUnpack(detail, ErrorInfoSchema)?.reason).find((each) => each !== undefined);
  return { message, ...(reason !== undefined && { reason }) };
}

function timeField<Name extends string>(name: Name, time: Timestamp | undefined): { readonly [name in Name]?: string } {
  return (time ? { [name]: timestampDate(time).toISOString() } : {}) as { readonly [name in Name]?: string };
}
