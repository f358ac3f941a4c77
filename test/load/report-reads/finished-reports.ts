import { toBinary } from "@bufbuild/protobuf";
import { DownloadUrlSchema, Format, type ReportEvent, ReportEventSchema } from "@weir/proto/report/v1/report_pb.ts";
import { type ReportClient, reportNameOf } from "@weir/report-service/src/client.ts";

/** A report that has ended; its last event and a URL of its CSV, as messages. */
export type FinishedReport = { readonly name: string; readonly event: Uint8Array; readonly download: Uint8Array };

/** Has a server make so many, and asks it for what the others are to answer. */
export async function finishedReports(client: ReportClient, count: number): Promise<readonly FinishedReport[]> {
  const created = await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const labels = { team: "blue", number: String(index) };
      const report = { kind: "reportKinds/wide", parameters: { rows: 10 }, labels };
      return client.createReport({ parent: "tenants/acme", report });
    }),
  );
  const finished = [];
  for (const { value } of created) {
    const name = reportNameOf(value);
    await client.waitForEnd(name);
    // Followed from its start, a report that has ended has one event: its last.
    let last: ReportEvent | undefined;
    for await (const event of client.followReport(name)) last = event;
    if (!last) throw new Error(`${name} has ended, and no event tells of it`);
    const { value: url } = await client.getDownloadUrl({ name, format: Format.CSV });
    finished.push({ name, event: toBinary(ReportEventSchema, last), download: toBinary(DownloadUrlSchema, url) });
  }
  return finished;
}
