import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { type Operation, OperationSchema } from "@weir/proto/google/longrunning/operations_pb.ts";
import { CreateReportMetadataSchema, ReportSchema } from "@weir/proto/report/v1/report_pb.ts";
import { operationName } from "../model/names.ts";
import type { Report } from "../model/report.ts";
import { failureMessage, reportMessage } from "./report-message.ts";

/** The operation that creates a report, as far as it has come; `reused` where it began for an identical create. */
export function operationMessage(report: Report, reused = false): Operation {
  const message = reportMessage(report);
  message.reused = reused;
  const { name, state, progress } = message;
  const operation = create(OperationSchema, {
    name: operationName(report),
    metadata: anyPack(
      CreateReportMetadataSchema,
      create(CreateReportMetadataSchema, { report: name, state, reused, ...(progress && { progress }) }),
    ),
  });
  const { status } = report;
  if (status.kind === "succeeded" || status.kind === "expired") {
    operation.done = true;
    operation.result = { case: "response", value: anyPack(ReportSchema, message) };
  } else if (status.kind === "failed" || status.kind === "cancelled") {
    operation.done = true;
    operation.result = { case: "error", value: failureMessage(status.failure) };
  }
  return operation;
}
