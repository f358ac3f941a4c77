import { create, type DescMessage, type DescMethod, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { methodOf } from "@weir/proto/grpc/service.ts";
import {
  CreateReportRequestSchema,
  Format,
  GetDownloadUrlRequestSchema,
  GetReportRequestSchema,
  ListReportsRequestSchema,
  Reports,
  Results,
  CreateReportRequest_Reuse as Reuse,
  WatchReportRequestSchema,
} from "@weir/proto/report/v1/report_pb.ts";
import { writeMessages } from "../report-reads/messages.ts";
import { type CallKind, callsOf, type Mix } from "./mix.ts";

/** Which calls are sent to the service, and how many a second. */
export type Load = {
  readonly targets: readonly string[];
  readonly perSecond: number;
  readonly seconds: number;
  readonly mix: Mix;
  readonly seed: number;
  /** Makes requests of this run new ones. */
  readonly run: string;
  /** Finished reports to read. */
  readonly names: readonly string[];
  /** Contents of which there is a finished report. */
  readonly contents: number;
};

/** Writes them in their order, as the Go program of `build-peer` sends them: kind, path, id of the report, request. */
export async function writeCalls(file: string, load: Load): Promise<void> {
  const kinds = callsOf(load.mix, load.seed);
  const all = Array.from({ length: Math.floor(load.perSecond * load.seconds) }, (_, index) => {
    const kind = kinds.next().value;
    const { method, bytes, report } = callOf(kind, index, load);
    const path = methodOf(method.parent, method as never).path;
    return [Buffer.from(kind), Buffer.from(path), Buffer.from(report ?? ""), bytes];
  });
  await writeMessages(file, all.flat());
}

type Call = { readonly method: DescMethod; readonly bytes: Uint8Array; readonly report?: string | undefined };

function callOf(kind: CallKind, index: number, load: Load): Call {
  const name = load.names[(index * 7_919) % load.names.length] ?? "";
  const about = (method: DescMethod, bytes: Uint8Array): Call => ({ method, bytes, report: name.split("/")[3] });
  switch (kind) {
    case "get":
      return about(Results.method.getReport, encode(GetReportRequestSchema, { name }));
    case "watch":
      return about(Results.method.watchReport, encode(WatchReportRequestSchema, { name }));
    case "url":
      return about(Results.method.getDownloadUrl, encode(GetDownloadUrlRequestSchema, { name, format: Format.CSV }));
    case "list": {
      const bytes = encode(ListReportsRequestSchema, { parent: "tenants/red", pageSize: 20 });
      return { method: Results.method.listReports, bytes };
    }
    case "reused":
      return creation("shared", `shared ${index % load.contents}`, Reuse.ALLOW);
    case "created":
      return creation("quick", `${load.run} ${index}`, Reuse.NEVER);
  }

  function creation(ofKind: string, text: string, reuse: Reuse): Call {
    const report = { kind: `reportKinds/${ofKind}`, parameters: { text } };
    const request = { parent: "tenants/red", requestId: `${load.run}-${index}`, reuse, report };
    return { method: Reports.method.createReport, bytes: encode(CreateReportRequestSchema, request) };
  }
}

function encode<D extends DescMessage>(schema: D, init: MessageInitShape<D>): Uint8Array {
  return toBinary(schema, create(schema, init));
}
