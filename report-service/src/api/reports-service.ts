import { randomBytes } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import type { Handlers } from "@weir/proto/grpc/service.ts";
import {
  ListReportKindsResponseSchema,
  type ReportKind as ReportKindMessage,
  ReportKindSchema,
  type Reports,
} from "@weir/proto/report/v1/report_pb.ts";
import type { QueueLimits } from "../model/admission.ts";
import type { KindBook, ReportKind } from "../model/kind.ts";
import { kindName, parseReportName, reportName } from "../model/names.ts";
import { newReport, type Report } from "../model/report.ts";
import { makeReportId } from "../model/report-id.ts";
import type { Created, ReportStore } from "../ports/report-store.ts";
import { CallError, errorInfo, invalid, notFound, retryInfo } from "./call-error.ts";
import type { Answering, CallContext } from "./handlers.ts";
import { operationMessage } from "./operation-message.ts";
import { type Order, parseCreate } from "./parse-create.ts";
import { formatMessage, reportMessage } from "./report-message.ts";

export type ReportsParts = {
  readonly reports: ReportStore;
  readonly kinds: KindBook;
  readonly datacenter: string;
  readonly limits: QueueLimits;
  /** How long an ended report is kept where nobody says otherwise. */
  readonly retentionMs: number;
};

/** report.v1.Reports: validates, queues and cancels. */
export function createReportsService(
  { reports, kinds, datacenter, limits, retentionMs }: ReportsParts,
  { unary }: Answering,
): Handlers<typeof Reports> {
  // It never changes while the server runs, and is asked for often.
  const allKinds = create(ListReportKindsResponseSchema, { kinds: [...kinds.values()].map(kindMessage) });
  return {
    createReport: unary(async (request, call) => {
      const order = parseCreate(request, kinds);
      if (!order.ok) throw invalid(order.problems);
      const report = draft(order.value, datacenter, retentionMs, call);
      const creation = { report, ...(order.value.request && { request: order.value.request }) };
      const [created] = await reports.create([creation], limits, call.signal);
      return operationMessage(reportOf(created));
    }),
    cancelReport: unary(async ({ name, reason }) => {
      const key = parseReportName(name);
      if (!key) throw notFound(name);
      const message = reason === "" ? "cancelled by a client" : `cancelled by a client: ${reason.slice(0, 500)}`;
      const answer = await reports.change(key, { kind: "cancel", message }, Date.now());
      if (!answer) throw notFound(name);
      if (answer.kind === "refused" && answer.report.status.kind !== "cancelled") throw endedAlready(answer.report);
      return reportMessage(answer.report);
    }),
    listReportKinds: unary(async () => allKinds),
  };
}

function draft(
  { tenant, kind, parameters, formats }: Order,
  datacenter: string,
  retentionMs: number,
  { metadata }: CallContext,
): Report {
  const createdAtMs = Date.now();
  const [traceparent] = metadata.get("traceparent");
  return newReport({
    tenant,
    id: makeReportId(datacenter, createdAtMs, randomBytes(10)),
    kind: kind.name,
    parameters,
    formats,
    datacenter,
    createdAtMs,
    retentionMs,
    ...(typeof traceparent === "string" && { traceparent }),
  });
}

function reportOf(created: Created | undefined): Report {
  switch (created?.kind) {
    case "created":
    case "repeated":
    case "reused":
      return created.report;
    case "other-body":
      throw new CallError(
        status.ALREADY_EXISTS,
        `request_id was used before with another request, which made ${reportName(created.report)}; use a new id`,
        [errorInfo("REQUEST_ID_REUSED", { report: reportName(created.report) })],
      );
    case "full":
      throw new CallError(
        status.RESOURCE_EXHAUSTED,
        `${created.queued} reports wait and no more than ${created.limit} may; try again in ${created.retryAfterMs} ms`,
        [retryInfo(created.retryAfterMs), errorInfo("QUEUE_FULL", { limit: String(created.limit) })],
      );
    default:
      throw new Error(`the store answered a create with ${created?.kind ?? "nothing"}`);
  }
}

function endedAlready(report: Report): CallError {
  return new CallError(status.FAILED_PRECONDITION, `${reportName(report)} has ${report.status.kind} already`, [
    errorInfo("REPORT_ENDED", { state: report.status.kind }),
  ]);
}

function kindMessage(kind: ReportKind): ReportKindMessage {
  return create(ReportKindSchema, {
    name: kindName(kind.name),
    title: kind.title,
    description: kind.description,
    parametersSchema: structuredClone(kind.parametersSchema) as NonNullable<ReportKindMessage["parametersSchema"]>,
    formats: kind.formats.map(formatMessage),
    workerCluster: "sql",
  });
}
