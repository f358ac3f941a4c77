import type { EventEmitter } from "node:events";
import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type MessageShape,
} from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { type ChannelOptions, Client, credentials, Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { methodOf } from "@weir/proto/grpc/service.ts";
import {
  CreateReportMetadataSchema,
  CreateReportRequestSchema,
  GetReportRequestSchema,
  ListReportKindsRequestSchema,
  ListReportsRequestSchema,
  Report_State,
  Reports,
  Results,
  WatchReportRequestSchema,
} from "@weir/proto/report/v1/report_pb.ts";
import { type Call, nextCall } from "./mix.ts";
import { languageOf, orderedReport } from "./ordered-report.ts";
import type { Recorder } from "./recorder.ts";

/** A user of the report service. Each `send` begins one request of the mix; the recorder hears how it ended. */
export type ReportClient = Disposable & { send(): void };

const parent = "tenants/demo";
const deadlineMs = { unary: 3_000, stream: 30_000 };
/** Says which locality answered: response metadata of the report service. */
const localityKey = "x-weir-locality";

export function createReportClient({
  name: client,
  target,
  options,
  recorder,
}: {
  readonly name: string;
  readonly target: string;
  readonly options: ChannelOptions;
  readonly recorder: Recorder;
}): ReportClient {
  const channel = new Client(target, credentials.createInsecure(), options);
  let unfollowed: readonly string[] = [];
  let recent: readonly string[] = [];

  /** Follows a call to its status, which is the only thing that counts: HTTP says 200 to most failures. */
  const record = (method: string, call: EventEmitter, failed: (code: status) => void = () => undefined) => {
    const at = Date.now();
    let region = "";
    const see = (metadata: Metadata) => {
      const [locality = ""] = metadata.get(localityKey);
      if (region === "") region = String(locality).split("/")[0] ?? "";
    };
    recorder.begun();
    call.on("metadata", see);
    call.on("status", ({ code, details, metadata }: StatusObject) => {
      see(metadata);
      recorder.ended({ at, client, method, status: status[code] ?? String(code), details, region });
      if (code !== status.OK) failed(code);
    });
    // An error says once more what the status says.
    call.on("error", () => undefined);
  };

  function unary<I extends DescMessage, O extends DescMessage>(
    service: typeof Reports | typeof Results,
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    then: (answer: MessageShape<O>) => void = () => undefined,
  ): void {
    const { path, requestSerialize, responseDeserialize } = methodOf(service, method);
    const deadline = { deadline: Date.now() + deadlineMs.unary };
    const answered = (_: unknown, answer?: MessageShape<O>) => answer && then(answer);
    const metadata = new Metadata();
    record(
      method.name,
      channel.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, deadline, answered),
    );
  }

  function stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    each: (answer: MessageShape<O>) => void,
    failed: (code: status) => void,
  ): void {
    const { path, requestSerialize, responseDeserialize } = methodOf(Results, method);
    const deadline = { deadline: Date.now() + deadlineMs.stream };
    const call = channel.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, deadline);
    record(method.name, call, failed);
    call.on("data", each);
  }

  const begin = (call: Call) => {
    switch (call.kind) {
      case "list-kinds":
        return unary(Reports, Reports.method.listReportKinds, create(ListReportKindsRequestSchema));
      case "list":
        return unary(Results, Results.method.listReports, create(ListReportsRequestSchema, { parent, pageSize: 10 }));
      case "get":
        return unary(Results, Results.method.getReport, create(GetReportRequestSchema, { name: call.name }));
      case "create":
        return unary(Reports, Reports.method.createReport, order(), ({ metadata }) => {
          const report = metadata && anyUnpack(metadata, CreateReportMetadataSchema)?.report;
          if (!report) return;
          recorder.reportCreated();
          unfollowed = [...unfollowed, report];
          recent = [...recent.slice(-19), report];
        });
      case "watch":
        unfollowed = unfollowed.filter((name) => name !== call.name);
        return stream(
          Results.method.watchReport,
          create(WatchReportRequestSchema, { name: call.name }),
          ({ report }) => {
            if (report?.state === Report_State.SUCCEEDED) recorder.reportEnded(true, languageOf(report.kind));
            if (report?.state === Report_State.FAILED) recorder.reportEnded(false, languageOf(report.kind));
          },
          // Cut off: somebody else is asked how it went on.
          (code) => {
            if (code !== status.NOT_FOUND) unfollowed = [...unfollowed, call.name];
          },
        );
    }
  };
  return {
    send: () => begin(nextCall({ unfollowed, recent }, Math.random)),
    [Symbol.dispose]: () => channel.close(),
  };
}

function order() {
  return create(CreateReportRequestSchema, {
    parent,
    report: orderedReport(Math.random),
    requestId: crypto.randomUUID(),
  });
}
