import { createHash } from "node:crypto";
import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { anyUnpack, type Empty } from "@bufbuild/protobuf/wkt";
import { type ChannelCredentials, type ChannelOptions, Client, status } from "@grpc/grpc-js";
import { type Operation, Operations } from "@weir/proto/google/longrunning/operations_pb.ts";
import {
  type BatchCreateReportsRequestSchema,
  type BatchCreateReportsResponse,
  type CancelReportRequestSchema,
  type Chunk,
  CreateReportMetadataSchema,
  type CreateReportRequestSchema,
  type CreateUploadRequestSchema,
  type DeleteReportRequestSchema,
  type DownloadUrl,
  type Format,
  type GetDownloadUrlRequestSchema,
  type ListQueuesResponse,
  type ListReportKindsResponse,
  type ListReportsRequestSchema,
  type ListReportsResponse,
  type Report,
  type ReportEvent,
  type ReportKind,
  Reports,
  Results,
  type RetryReportRequestSchema,
  Report_State as State,
  type StreamReportRequestSchema,
  type Upload,
  type WatchReportRequestSchema,
} from "@weir/proto/report/v1/report_pb.ts";
import { type Answer, type CallOptions, stream, unary } from "./client/calls.ts";
import { ReportCallError } from "./client/report-call-error.ts";

export type { Answer, CallOptions } from "./client/calls.ts";
export { type AnsweredBy, ReportCallError } from "./client/report-call-error.ts";

/** Typed calls of report.v1; each rejects with a `ReportCallError`. */
export type ReportClient = {
  createReport(order: Init<typeof CreateReportRequestSchema>, call?: CallOptions): Promise<Answer<Operation>>;
  batchCreateReports(
    orders: Init<typeof BatchCreateReportsRequestSchema>,
    call?: CallOptions,
  ): Promise<Answer<BatchCreateReportsResponse>>;
  retryReport(request: Init<typeof RetryReportRequestSchema>, call?: CallOptions): Promise<Answer<Operation>>;
  deleteReport(request: Init<typeof DeleteReportRequestSchema>, call?: CallOptions): Promise<Answer<Empty>>;
  createUpload(request: Init<typeof CreateUploadRequestSchema>, call?: CallOptions): Promise<Answer<Upload>>;
  completeUpload(name: string, call?: CallOptions): Promise<Answer<Upload>>;
  getDownloadUrl(request: Init<typeof GetDownloadUrlRequestSchema>, call?: CallOptions): Promise<Answer<DownloadUrl>>;
  /** The operation once it is done. */
  waitOperation(name: string, call?: CallOptions): Promise<Answer<Operation>>;
  cancelReport(request: Init<typeof CancelReportRequestSchema>, call?: CallOptions): Promise<Answer<Report>>;
  listReportKinds(call?: CallOptions): Promise<Answer<ListReportKindsResponse>>;
  getReportKind(name: string, call?: CallOptions): Promise<Answer<ReportKind>>;
  /** `fields` such as `state`: those that are wanted; all where none is named. */
  getReport(name: string, call?: CallOptions, fields?: readonly string[]): Promise<Answer<Report>>;
  listReports(request: Init<typeof ListReportsRequestSchema>, call?: CallOptions): Promise<Answer<ListReportsResponse>>;
  /** What waits for each worker cluster, of all tenants. */
  listQueues(call?: CallOptions): Promise<Answer<ListQueuesResponse>>;
  watchReport(request: Init<typeof WatchReportRequestSchema>, call?: CallOptions): AsyncGenerator<ReportEvent, void>;
  streamReport(request: Init<typeof StreamReportRequestSchema>, call?: CallOptions): AsyncGenerator<Chunk, void>;
  /**
   * Each event of a report once and in order, from `afterSequence` on (0: from its present state), until it has ended,
   * over as many watches as it takes while servers come and go.
   */
  followReport(name: string, afterSequence?: bigint, call?: CallOptions): AsyncGenerator<ReportEvent, void>;
  /** The report once it has ended, over as many watches as it takes while servers come and go. */
  waitForEnd(name: string, call?: CallOptions): Promise<Report>;
  /** All bytes of a finished report, checked against their SHA-256. */
  fetchReport(name: string, format: Format, call?: CallOptions): Promise<Buffer>;
} & Disposable;

type Init<D extends DescMessage> = MessageInitShape<D>;

const watchAgainAfterMs = 100;

/** A client of the report service at a gRPC target such as `127.0.0.1:9001` or `xds:///report` (after grpc-js-xds's `register()`). */
export function createReportClient(
  target: string,
  credentials: ChannelCredentials,
  options: ChannelOptions = {},
): ReportClient {
  const channel = new Client(target, credentials, options);
  return {
    createReport: (order, call) => unary(channel, Reports.method.createReport, order, call),
    batchCreateReports: (orders, call) => unary(channel, Reports.method.batchCreateReports, orders, call),
    retryReport: (request, call) => unary(channel, Reports.method.retryReport, request, call),
    deleteReport: (request, call) => unary(channel, Reports.method.deleteReport, request, call),
    createUpload: (request, call) => unary(channel, Reports.method.createUpload, request, call),
    completeUpload: (name, call) => unary(channel, Reports.method.completeUpload, { name }, call),
    getDownloadUrl: (request, call) => unary(channel, Results.method.getDownloadUrl, request, call),
    waitOperation: (name, call) => unary(channel, Operations.method.waitOperation, { name }, call),
    cancelReport: (request, call) => unary(channel, Reports.method.cancelReport, request, call),
    listReportKinds: (call) => unary(channel, Reports.method.listReportKinds, {}, call),
    getReportKind: (name, call) => unary(channel, Reports.method.getReportKind, { name }, call),
    getReport: (name, call, fields = []) =>
      unary(channel, Results.method.getReport, { name, readMask: { paths: [...fields] } }, call),
    listReports: (request, call) => unary(channel, Results.method.listReports, request, call),
    listQueues: (call) => unary(channel, Results.method.listQueues, {}, call),
    watchReport: (request, call) => stream(channel, Results.method.watchReport, request, call),
    streamReport: (request, call) => stream(channel, Results.method.streamReport, request, call),
    followReport: (name, afterSequence, call) => followReport(channel, name, afterSequence, call),
    waitForEnd: (name, call) => waitForEnd(channel, name, call),
    fetchReport: (name, format, call) => fetchReport(channel, name, format, call),
    [Symbol.dispose]: () => channel.close(),
  };
}

/** The name of the report that an operation creates. */
export function reportNameOf(operation: Operation): string {
  const metadata = operation.metadata && anyUnpack(operation.metadata, CreateReportMetadataSchema);
  if (!metadata) throw new Error(`the operation ${operation.name} has no CreateReportMetadata`);
  return metadata.report;
}

export function hasEnded({ state }: Report): boolean {
  return state !== State.QUEUED && state !== State.RUNNING;
}

async function* followReport(
  channel: Client,
  name: string,
  afterSequence = 0n,
  call: CallOptions = {},
): AsyncGenerator<ReportEvent, void> {
  const deadlineMs = performance.now() + (call.timeoutMs ?? Number.POSITIVE_INFINITY);
  for (let last = afterSequence; !call.signal?.aborted; ) {
    const left = deadlineMs === Number.POSITIVE_INFINITY ? {} : { timeoutMs: deadlineMs - performance.now() };
    const request = { name, afterSequence: last };
    try {
      for await (const event of stream(channel, Results.method.watchReport, request, { ...call, ...left })) {
        last = event.sequence;
        yield event;
      }
      return;
    } catch (error) {
      if (!hasLostItsServer(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, watchAgainAfterMs));
    }
  }
}

/**
 * Whether the next server goes on where this one stopped: it said so, or it is gone. A proxy resets the streams of a
 * server that dies, for which gRPC has INTERNAL, CANCELLED and UNKNOWN; what a server says itself has a reason.
 */
function hasLostItsServer(error: unknown): boolean {
  if (!(error instanceof ReportCallError)) return false;
  const { code, reason } = error;
  if (code === status.UNAVAILABLE) return true;
  return reason === undefined && (code === status.INTERNAL || code === status.UNKNOWN || code === status.CANCELLED);
}

async function waitForEnd(channel: Client, name: string, call?: CallOptions): Promise<Report> {
  for await (const { report } of followReport(channel, name, 0n, call)) if (report && hasEnded(report)) return report;
  throw new Error(`${name}: what followed it ended before it did`);
}

async function fetchReport(channel: Client, name: string, format: Format, call?: CallOptions): Promise<Buffer> {
  const hash = createHash("sha256");
  const pieces: Uint8Array[] = [];
  let sha256 = "";
  for await (const chunk of stream(channel, Results.method.streamReport, { name, format }, call)) {
    hash.update(chunk.data);
    pieces.push(chunk.data);
    sha256 = chunk.sha256;
  }
  const got = hash.digest("hex");
  if (got !== sha256) throw new Error(`${name}: the bytes have SHA-256 ${got}, not ${sha256 || "any that came along"}`);
  return Buffer.concat(pieces);
}
