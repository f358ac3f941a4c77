import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import { equals, fromBinary } from "@bufbuild/protobuf";
import { credentials } from "@grpc/grpc-js";
import { DownloadUrlSchema, Format, ReportEventSchema, ReportSchema } from "@weir/proto/report/v1/report_pb.ts";
import { createReportClient } from "@weir/report-service/src/client.ts";
import { checkGrant } from "@weir/report-service/src/disk/grant.ts";
import type { FinishedReport } from "./finished-reports.ts";

/**
 * Throws unless the server at `address` answers all three reads as ours did, with a URL as long that `key` (hexadecimal) has
 * signed: else two different things would be compared.
 */
export async function checkAnswers(address: string, finished: readonly FinishedReport[], key: string): Promise<void> {
  using client = createReportClient(address, credentials.createInsecure());
  const [first] = finished;
  assert.ok(first);
  const { name } = first;
  const event = fromBinary(ReportEventSchema, first.event);
  const ours = fromBinary(DownloadUrlSchema, first.download);
  assert.ok(event.report && equals(ReportSchema, (await client.getReport(name)).value, event.report));
  const events = [];
  for await (const each of client.followReport(name, 0n, { timeoutMs: 10_000 })) events.push(each);
  assert.ok(events.length === 1 && events[0] && equals(ReportEventSchema, events[0], event));
  const { url } = (await client.getDownloadUrl({ name, format: Format.CSV })).value;
  assert.equal(url.length, ours.url.length);
  const keyOf = (id: string) => ({ id, key: createSecretKey(Buffer.from(key, "hex")) });
  const checked = checkGrant("GET", url.slice(new URL(url).origin.length), keyOf, Date.now());
  assert.equal(checked.kind, "granted", JSON.stringify(checked));
}
