import { toBinary } from "@bufbuild/protobuf";
import { Framed } from "@weir/proto/grpc/framed.ts";
import { ReportSchema } from "@weir/proto/report/v1/report_pb.ts";
import { hasEnded, type Report } from "../model/report.ts";
import { reportMessage } from "./report-message.ts";

const known = new WeakMap<Report, Framed>();

/** As `reportMessage`, encoded: once for each report that has ended, however often a cache answers it. */
export function encodedReport(report: Report): Framed {
  const before = known.get(report);
  if (before) return before;
  const encoded = new Framed(toBinary(ReportSchema, reportMessage(report)));
  if (hasEnded(report)) known.set(report, encoded);
  return encoded;
}
