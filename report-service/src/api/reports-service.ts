import { create } from "@bufbuild/protobuf";
import { anyPack, EmptySchema } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { type Operation, OperationSchema } from "@weir/proto/google/longrunning/operations_pb.ts";
import type { Handlers } from "@weir/proto/grpc/service.ts";
import {
  BatchCreateReportsResponseSchema,
  ReportSchema,
  type Reports,
  Report_State as State,
} from "@weir/proto/report/v1/report_pb.ts";
import type { Changed, ReportChange } from "../model/change-report.ts";
import { parseReportName } from "../model/names.ts";
import { objectsOf, type Report } from "../model/report.ts";
import type { JobQueue } from "../ports/job-queue.ts";
import {
  CallError,
  errorInfo,
  etagMismatch,
  invalid,
  notFound,
  notNow,
  retryInfo,
  statusMessageOf,
} from "./call-error.ts";
import { type Answer, type CreateParts, createReports } from "./create-reports.ts";
import { sequenceOf } from "./etag.ts";
import type { Answering } from "./handlers.ts";
import { createKindCalls } from "./kind-calls.ts";
import { hasLostBytes, type Whereabouts } from "./made-elsewhere.ts";
import { operationMessage } from "./operation-message.ts";
import { isRequestId, requestIdSays } from "./parse-create.ts";
import { reportMessage } from "./report-message.ts";
import { createUploadCalls, type UploadParts } from "./upload-calls.ts";

const maxBatch = 500;

export type ReportsParts = CreateParts & UploadParts & Whereabouts & { readonly queue: JobQueue };

/** report.v1.Reports: validates, queues, cancels, retries and deletes. */
export function createReportsService(parts: ReportsParts, { unary }: Answering): Handlers<typeof Reports> {
  const { reports, clock, queue, objects, kinds, limits } = parts;

  async function change(name: string, asked: ReportChange): Promise<Changed> {
    const key = parseReportName(name);
    const answer = key && (await reports.change(key, asked, clock.now()));
    if (!answer) throw notFound(name);
    return answer;
  }

  /** A report that waits again takes a place, which the store does not look at. */
  async function admitRetry(report: Report | undefined): Promise<void> {
    const { queued } = await queue.length(report?.cluster ?? "");
    if (queued < limits.queue) return;
    throw new CallError(status.RESOURCE_EXHAUSTED, `${queued} reports wait and no more than ${limits.queue} may`, [
      retryInfo(1_000),
      errorInfo("QUEUE_FULL", { limit: String(limits.queue) }),
    ]);
  }

  return {
    createReport: unary(async (request, call) => {
      const [answer] = await createReports([request], request.parent, parts, call);
      if (!answer || answer instanceof CallError) throw answer;
      return request.validateOnly ? preview(answer.report) : operationMessage(answer.report, answer.reused);
    }),
    batchCreateReports: unary(async ({ parent, requests }, call) => {
      if (requests.length > maxBatch) {
        throw invalid([{ at: "requests", says: `may be at most ${maxBatch}, not ${requests.length}` }]);
      }
      const strangers = requests.flatMap((one, index) => (one.parent === "" || one.parent === parent ? [] : [index]));
      if (strangers.length > 0) {
        const says = "must be the batch's own parent, or nothing";
        throw invalid(strangers.map((index) => ({ at: `requests[${index}].parent`, says })));
      }
      return batchAnswer(await createReports(requests, parent, parts, call), requests);
    }),
    cancelReport: unary(async ({ name, reason, etag }) => {
      const message = reason === "" ? "cancelled by a client" : `cancelled by a client: ${reason.slice(0, 500)}`;
      const sequence = sequenceOf(etag);
      const answer = await change(name, { kind: "cancel", message, ...(sequence !== undefined && { sequence }) });
      if (answer.kind === "refused" && answer.why === "outdated") throw etagMismatch(name);
      const { kind: state } = answer.report.status;
      if (answer.kind === "refused" && state !== "cancelled") {
        throw notNow("REPORT_ENDED", `${name} has ${state} already`, state);
      }
      return reportMessage(answer.report);
    }),
    retryReport: unary(async ({ name, requestId }) => {
      if (!isRequestId(requestId)) throw invalid([{ at: "request_id", says: requestIdSays }]);
      const key = parseReportName(name);
      if (!key) throw notFound(name);
      const report = await reports.read(key);
      await admitRetry(report);
      const lost = report && (await hasLostBytes(report, parts, objects)) ? { lostAt: report.sequence } : {};
      const answer = await change(name, { kind: "retry", requestId, ...lost });
      const { kind: state } = answer.report.status;
      if (answer.kind === "refused" && answer.why !== "repeated") {
        throw notNow(
          "NOTHING_TO_RETRY",
          `${name} is ${state}; only what failed, was cancelled, expired or was lost with its data center is retried`,
          state,
        );
      }
      return operationMessage(answer.report, false);
    }),
    deleteReport: unary(async ({ name, etag }) => {
      const key = parseReportName(name);
      if (!key) throw notFound(name);
      const removed = await reports.remove(key, sequenceOf(etag));
      switch (removed) {
        case "removed":
          // Where this does not happen any more, the cleaner finds bytes that belong to nobody.
          await objects.remove(objectsOf(key));
          return create(EmptySchema);
        case "unended":
          throw notNow("REPORT_NOT_ENDED", `${name} has not ended; cancel it first`, "unended");
        case "outdated":
          throw etagMismatch(name);
        case "unknown":
          throw notFound(name);
      }
    }),
    ...createUploadCalls(parts, unary),
    ...createKindCalls(kinds, unary),
  };
}

/** A create that was only to be validated: the report as it would be, without what only one that is there has. */
function preview(report: Report): Operation {
  const message = reportMessage(report);
  message.name = "";
  message.etag = "";
  message.state = State.STATE_UNSPECIFIED;
  return create(OperationSchema, {
    done: true,
    result: { case: "response", value: anyPack(ReportSchema, message) },
  });
}

function batchAnswer(answers: readonly Answer[], requests: readonly { readonly validateOnly: boolean }[]) {
  const response = create(BatchCreateReportsResponseSchema);
  for (const [index, answer] of answers.entries()) {
    if (answer instanceof CallError) {
      response.operations.push(create(OperationSchema));
      response.failedRequests[index] = statusMessageOf(answer);
    } else if (requests[index]?.validateOnly) response.operations.push(preview(answer.report));
    else response.operations.push(operationMessage(answer.report, answer.reused));
  }
  return response;
}
