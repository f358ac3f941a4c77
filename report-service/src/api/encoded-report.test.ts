import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { ListReportsResponseSchema, ReportSchema } from "@weir/proto/report/v1/report_pb.ts";
import type { KindName, ReportId, TenantId } from "../model/names.ts";
import { newReport, type Report, type Status } from "../model/report.ts";
import { encodedList } from "./encoded-report.ts";
import { reportMessage } from "./report-message.ts";

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
