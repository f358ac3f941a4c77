import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { status as grpcStatus } from "@grpc/grpc-js";
import { type Status as StatusMessage, StatusSchema } from "@weir/proto/google/rpc/status_pb.ts";
import {
  type Artifact as ArtifactMessage,
  ArtifactSchema,
  type Attempt as AttemptMessage,
  AttemptSchema,
  Format as FormatMessage,
  Priority as PriorityMessage,
  ProgressSchema,
  type Report as ReportMessage,
  ReportSchema,
  Report_State as StateMessage,
} from "@weir/proto/report/v1/report_pb.ts";
import { kindName, reportName, uploadName } from "../model/names.ts";
import { never } from "../model/never.ts";
import {
  type Artifact,
  type Attempt,
  expiresAtMs,
  type Failure,
  type FailureReason,
  type Format,
  type Parameters,
  type Priority,
  type Report,
  type Status,
} from "../model/report.ts";
import { errorInfo } from "./call-error.ts";
import { etagOf } from "./etag.ts";

const formats: Readonly<Record<Format, { readonly message: FormatMessage; readonly mediaType: string }>> = {
  csv: { message: FormatMessage.CSV, mediaType: "text/csv; charset=utf-8; header=present" },
  json: { message: FormatMessage.JSON, mediaType: "application/json" },
  ndjson: { message: FormatMessage.NDJSON, mediaType: "application/x-ndjson" },
  // https://www.iana.org/assignments/media-types/application/vnd.apache.parquet
  parquet: { message: FormatMessage.PARQUET, mediaType: "application/vnd.apache.parquet" },
  pdf: { message: FormatMessage.PDF, mediaType: "application/pdf" },
  xlsx: {
    message: FormatMessage.XLSX,
    mediaType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  },
};

/** A report as clients see it. */
export function reportMessage(report: Report): ReportMessage {
  const message = create(ReportSchema, {
    name: reportName(report),
    kind: kindName(report.kind),
    parameters: shownParameters(report),
    uploads: report.uploads.map((id) => uploadName({ tenant: report.tenant, id })),
    priority: priorities[report.priority],
    labels: { ...report.labels },
    etag: etagOf(report),
    formats: report.formats.map(formatMessage),
    attempts: report.attempts.map((attempt) => attemptMessage(attempt, report.cluster)),
    homeDatacenter: report.datacenter,
    createTime: timestampFromMs(report.createdAtMs),
  });
  if (report.asOfMs !== undefined) message.asOfTime = timestampFromMs(report.asOfMs);
  if (report.notifyUrl !== undefined) message.notifyUrl = report.notifyUrl;
  const expiresMs = expiresAtMs(report);
  if (expiresMs !== undefined) message.expireTime = timestampFromMs(expiresMs);
  const [first] = report.attempts;
  if (first) message.startTime = timestampFromMs(first.startedAtMs);
  addStatus(message, report.status);
  return message;
}

function shownParameters({ parameters, sensitive }: Report): Record<string, Parameters[string]> {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => !sensitive.includes(name)));
}

const priorities: Readonly<Record<Priority, PriorityMessage>> = {
  interactive: PriorityMessage.INTERACTIVE,
  standard: PriorityMessage.STANDARD,
  bulk: PriorityMessage.BULK,
};

/** The priority that a client names, or undefined where there is none such. */
export function priorityOf(message: PriorityMessage): Priority | undefined {
  if (message === PriorityMessage.UNSPECIFIED) return "standard";
  const found = Object.entries(priorities).find(([, one]) => one === message);
  return found?.[0] as Priority | undefined;
}

function addStatus(message: ReportMessage, status: Status): void {
  switch (status.kind) {
    case "queued":
      message.state = StateMessage.QUEUED;
      return;
    case "running":
      message.state = StateMessage.RUNNING;
      if (status.progress) {
        const { percent, stage, rows } = status.progress;
        message.progress = create(ProgressSchema, { percent, stage, rows: BigInt(rows) });
      }
      return;
    case "succeeded":
      message.state = StateMessage.SUCCEEDED;
      message.endTime = timestampFromMs(status.endedAtMs);
      message.artifacts = status.artifacts.map(artifactMessage);
      return;
    case "expired":
      message.state = StateMessage.EXPIRED;
      message.endTime = timestampFromMs(status.endedAtMs);
      return;
    case "failed":
    case "cancelled":
      message.state = status.kind === "failed" ? StateMessage.FAILED : StateMessage.CANCELLED;
      message.endTime = timestampFromMs(status.endedAtMs);
      message.error = failureMessage(status.failure);
      return;
    default:
      never(status);
  }
}

/** A failure as a google.rpc.Status with its reason in an ErrorInfo. */
export function failureMessage({ reason, message }: Failure): StatusMessage {
  return create(StatusSchema, { code: codeOf(reason), message, details: [errorInfo(reason)] });
}

/** The wire's name of a format. */
export function formatMessage(format: Format): FormatMessage {
  return formats[format].message;
}

/** The format that a client names, or undefined where there is none such. */
export function formatOf(message: FormatMessage): Format | undefined {
  const found = Object.entries(formats).find(([, one]) => one.message === message);
  return found?.[0] as Format | undefined;
}

/** The media type of a format (https://www.iana.org/assignments/media-types). */
export function mediaTypeOf(format: Format): string {
  return formats[format].mediaType;
}

/** An artifact as clients see it. */
export function artifactMessage({ format, sizeBytes, rows, sha256 }: Artifact): ArtifactMessage {
  return create(ArtifactSchema, {
    format: formatMessage(format),
    sizeBytes: BigInt(sizeBytes),
    rowCount: BigInt(rows),
    sha256,
    mediaType: mediaTypeOf(format),
  });
}

function attemptMessage(attempt: Attempt, workerCluster: string): AttemptMessage {
  const { number, worker, datacenter, startedAtMs, endedAtMs, failure } = attempt;
  return create(AttemptSchema, {
    number,
    worker,
    workerCluster,
    datacenter,
    startTime: timestampFromMs(startedAtMs),
    ...(endedAtMs !== undefined && { endTime: timestampFromMs(endedAtMs) }),
    ...(failure && { error: failureMessage(failure) }),
  });
}

function codeOf(reason: FailureReason): grpcStatus {
  switch (reason) {
    case "INPUT_MISSING":
    case "INPUT_INVALID":
      return grpcStatus.FAILED_PRECONDITION;
    case "RENDER_FAILED":
    case "WORKER_LOST":
      return grpcStatus.INTERNAL;
    case "TOO_MANY_ROWS":
      return grpcStatus.OUT_OF_RANGE;
    case "OUT_OF_MEMORY":
      return grpcStatus.RESOURCE_EXHAUSTED;
    case "KIND_UNKNOWN":
      return grpcStatus.UNIMPLEMENTED;
    case "DEADLINE_EXCEEDED":
      return grpcStatus.DEADLINE_EXCEEDED;
    case "HANDED_BACK":
      return grpcStatus.ABORTED;
    case "CANCELLED":
      return grpcStatus.CANCELLED;
    default:
      return never(reason);
  }
}
