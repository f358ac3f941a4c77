import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  DownloadUrlSchema,
  ListReportsResponseSchema,
  ReportEventSchema,
  ReportSchema,
} from "@weir/proto/report/v1/report_pb.ts";
import type { KindName, ReportId, TenantId } from "../model/names.ts";
import { type Artifact, newReport, type Report, type Status } from "../model/report.ts";
import { encodedEvent, encodedList, encodedUrl } from "./encoded-report.ts";
import { artifactMessage, reportMessage } from "./report-message.ts";

const waiting = newReport({
  tenant: "red" as TenantId,
  id: "one" as ReportId,
  kind: "quick" as KindName,
  parameters: { text: "a" },
  formats: ["csv"],
  datacenter: "dc-a",
  createdAtMs: 1_000,
});
const failed: Status = { kind: "failed", endedAtMs: 2_000, failure: { reason: "RENDER_FAILED", message: "no" } };

/** As they come over the wire. */
function sent(reports: readonly Report[]) {
  return reports.map((report) => fromBinary(ReportSchema, toBinary(ReportSchema, reportMessage(report))));
}

function listed(reports: readonly Report[], token = "") {
  return fromBinary(ListReportsResponseSchema, Uint8Array.from(encodedList(reports, token).payload));
}

test("a list is the messages of its reports and the token of the next page", () => {
  const ended = { ...waiting, id: "two" as ReportId, sequence: 2, status: failed };
  const { reports, nextPageToken } = listed([waiting, ended], "next");
  assert.deepEqual(reports, sent([waiting, ended]));
  assert.equal(nextPageToken, "next");
  assert.deepEqual(listed([]).reports, []);
});

test("a list shows each report as it is now, though a store reads it anew each time", () => {
  const states: readonly Report[] = [
    waiting,
    { ...waiting, sequence: 2, status: failed },
    // Tried again, and failed again.
    { ...waiting, sequence: 3 },
    { ...waiting, sequence: 4, status: { ...failed, endedAtMs: 4_000 } },
    // Made again under the id of the one that was deleted.
    { ...waiting, createdAtMs: 5_000, parameters: { text: "b" }, sequence: 4, status: failed },
  ];
  for (const state of states) {
    for (const again of [state, structuredClone(state)]) assert.deepEqual(listed([again]).reports, sent([state]));
  }
});

test("an event is the message of its report, with its sequence and time", () => {
  const ended = { ...waiting, sequence: 2 ** 40, status: failed };
  for (const timeMs of [0, 1_700_000_000_123]) {
    const { payload } = encodedEvent({ sequence: ended.sequence, timeMs, report: ended });
    const event = fromBinary(ReportEventSchema, Uint8Array.from(payload));
    const [report] = sent([ended]);
    const time = timestampFromMs(timeMs);
    assert.deepEqual(event, create(ReportEventSchema, { sequence: BigInt(ended.sequence), time, report }));
  }
});

test("a download is its URL, until when it is valid, and its artifact", () => {
  const facts = { sizeBytes: 5, rows: 2, sha256: "0".repeat(64), key: "red/one/1/a" };
  for (const format of ["csv", "pdf", "csv"] as const) {
    const artifact: Artifact = { format, ...facts };
    const url = { url: "https://files.example.com/ü", headers: {}, expiresAtMs: 1_700_000_000_123 };
    const expireTime = timestampFromMs(url.expiresAtMs);
    const message = create(DownloadUrlSchema, { url: url.url, expireTime, artifact: artifactMessage(artifact) });
    for (const _again of [1, 2])
      assert.deepEqual(fromBinary(DownloadUrlSchema, encodedUrl(url, artifact).payload), message);
  }
});
