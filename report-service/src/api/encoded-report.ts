import { toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Framed } from "@weir/proto/grpc/framed.ts";
import { ListReportsResponseSchema, ReportSchema } from "@weir/proto/report/v1/report_pb.ts";
import { createLru } from "../lib/lru.ts";
import { hasEnded, type Report } from "../model/report.ts";
import { reportMessage } from "./report-message.ts";

const known = new WeakMap<Report, Framed>();
// Of those that a store reads anew for each list.
const listed = createLru<Framed>(4 * 1024 * 1024);

/** As `reportMessage`, encoded: once for each report that has ended, however often a cache answers it. */
export function encodedReport(report: Report): Framed {
  if (!hasEnded(report)) return encode(report);
  const before = known.get(report);
  if (before) return before;
  const encoded = encode(report);
  known.set(report, encoded);
  return encoded;
}

/** A ListReportsResponse. The latest page is what is asked for again and again, and mostly of reports that have ended. */
export function encodedList(reports: readonly Report[], nextPageToken: string): Framed {
  const writer = new BinaryWriter();
  const { reports: items, nextPageToken: token } = ListReportsResponseSchema.field;
  for (const report of reports) writer.tag(items.number, WireType.LengthDelimited).bytes(encodedItem(report).payload);
  if (nextPageToken !== "") writer.tag(token.number, WireType.LengthDelimited).string(nextPageToken);
  return new Framed(writer.finish());
}

function encodedItem(report: Report): Framed {
  const same = known.get(report);
  if (same) return same;
  // One that is made again under the id of a deleted one begins later; each change that clients see has its sequence.
  const name = `${report.tenant}/${report.id} ${report.createdAtMs} ${report.sequence}`;
  const before = listed.get(name, 0);
  const encoded = before ?? encode(report);
  known.set(report, encoded);
  if (!before) listed.set(name, encoded, 2 * encoded.frame.length + 500, Number.POSITIVE_INFINITY);
  return encoded;
}

function encode(report: Report): Framed {
  return new Framed(toBinary(ReportSchema, reportMessage(report)));
}
