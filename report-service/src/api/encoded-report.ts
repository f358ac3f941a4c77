import { toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { TimestampSchema, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Framed } from "@weir/proto/grpc/framed.ts";
import {
  ArtifactSchema,
  DownloadUrlSchema,
  ListReportsResponseSchema,
  ReportEventSchema,
  ReportSchema,
} from "@weir/proto/report/v1/report_pb.ts";
import { createLru } from "../lib/lru.ts";
import { type Artifact, hasEnded, type Report } from "../model/report.ts";
import type { ReportEvent } from "../ports/report-store.ts";
import type { SignedUrl } from "../ports/signed-urls.ts";
import { artifactMessage, reportMessage } from "./report-message.ts";

const known = new WeakMap<Report, Framed>();
const knownArtifacts = new WeakMap<Artifact, Uint8Array>();
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

/** A ReportEvent. */
export function encodedEvent({ sequence, timeMs, report }: ReportEvent): Framed {
  const { sequence: number, time, report: state } = ReportEventSchema.field;
  const writer = new BinaryWriter();
  writer.tag(number.number, WireType.Varint).int64(sequence);
  writer.tag(time.number, WireType.LengthDelimited).bytes(encodedTime(timeMs));
  writer.tag(state.number, WireType.LengthDelimited).bytes(encodedReport(report).payload);
  return new Framed(writer.finish());
}

/** A DownloadUrl. */
export function encodedUrl({ url, expiresAtMs }: SignedUrl, artifact: Artifact): Framed {
  const { url: text, expireTime, artifact: item } = DownloadUrlSchema.field;
  const writer = new BinaryWriter();
  writer.tag(text.number, WireType.LengthDelimited).string(url);
  writer.tag(expireTime.number, WireType.LengthDelimited).bytes(encodedTime(expiresAtMs));
  writer.tag(item.number, WireType.LengthDelimited).bytes(encodedArtifact(artifact));
  return new Framed(writer.finish());
}

function encodedTime(ms: number): Uint8Array {
  return toBinary(TimestampSchema, timestampFromMs(ms));
}

function encodedArtifact(artifact: Artifact): Uint8Array {
  const before = knownArtifacts.get(artifact);
  if (before) return before;
  const encoded = toBinary(ArtifactSchema, artifactMessage(artifact));
  knownArtifacts.set(artifact, encoded);
  return encoded;
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
