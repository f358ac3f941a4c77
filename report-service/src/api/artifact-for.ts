import { status } from "@grpc/grpc-js";
import { Format as FormatMessage } from "@weir/proto/report/v1/report_pb.ts";
import { reportName } from "../model/names.ts";
import type { Artifact, Report } from "../model/report.ts";
import { CallError, errorInfo, invalid, notNow } from "./call-error.ts";
import { formatOf } from "./report-message.ts";

/** The artifact that a client asks for; throws what to answer where the report has none, or not yet. */
export function artifactFor(report: Report, asked: FormatMessage): Artifact {
  if (report.status.kind !== "succeeded") throw noResult(report);
  const { artifacts } = report.status;
  const format = formatOf(asked);
  const artifact = asked === FormatMessage.UNSPECIFIED ? artifacts[0] : artifacts.find((one) => one.format === format);
  if (artifact) return artifact;
  const formats = artifacts.map((one) => one.format).join(", ");
  throw invalid([{ at: "format", says: `must be one that this report was asked in: ${formats}` }]);
}

function noResult(report: Report): CallError {
  const { status: state } = report;
  const name = reportName(report);
  if (state.kind === "failed" || state.kind === "cancelled") {
    const { reason, message } = state.failure;
    return new CallError(status.FAILED_PRECONDITION, `${name} has ${state.kind}: ${message}`, [errorInfo(reason)]);
  }
  if (state.kind === "expired") {
    return notNow(
      "REPORT_EXPIRED",
      `${name} has expired and its bytes are gone; retry it to make them again`,
      state.kind,
    );
  }
  return new CallError(status.FAILED_PRECONDITION, `${name} is ${state.kind}; set wait, or watch it first`, [
    errorInfo("REPORT_NOT_READY", { state: state.kind }),
  ]);
}
