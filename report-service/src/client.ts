import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { anyUnpack, type Empty } from "@bufbuild/protobuf/wkt";
import { type ChannelCredentials, type ChannelOptions, Client } from "@grpc/grpc-js";
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
import { hasLostItsServer } from "./client/lost-server.ts";
import { fetchReport, type ReadOptions, readReport } from "./client/read-report.ts";
import { type UploadSource, upload } from "./client/upload.ts";

export type { Answer, CallOptions } from "./client/calls.ts";
export { type ReadOptions, WrongReportBytes } from "./client/read-report.ts";
export { type AnsweredBy, ReportCallError } from "./client/report-call-error.ts";
export type { UploadSource } from "./client/upload.ts";

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
  /** Announces bytes or a file, sends them, completes the upload, and answers its name. */
  upload(
    about: { readonly parent: string; readonly mediaType: string },
    source: UploadSource,
    call?: CallOptions,
  ): Promise<string>;
  getOperation(name: string, call?: CallOptions): Promise<Answer<Operation>>;
  cancelOperation(name: string, call?: CallOptions): Promise<Answer<Empty>>;
  /** The operation once it is done. */
  waitOperation(name: string, call?: CallOptions): Promise<Answer<Operation>>;
  cancelReport(request: Init<typeof CancelReportRequestSchema>, call?: CallOptions): Promise<Answer<Report>>;
  listReportKinds(call?: CallOptions): Promise<Answer<ListReportKindsResponse>>;
  getReportKind(name: string, call?: CallOptions): Promise<Answer<ReportKind>>;
  /** `fields` such as `state`: those that are wanted; all where none is named. */
  getReport(name: string, call?: CallOptions, fields?: readonly string[]): Promise<Answer<Report>>;
  listReports(request: Init<typeof ListReportsRequestSchema>, call?: CallOptions): Promise<Answer<ListReportsResponse>>;
  /**
   * Each report of a list, over as many pages as it takes: with a filter pages may be short, and empty too, before the last
   * one.
   */
  eachReport(request: Init<typeof ListReportsRequestSchema>, call?: CallOptions): AsyncGenerator<Report, void>;
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
  /**
   * The bytes of a finished report as they come, from as many servers as it takes. They are the report once this has ended
   * without throwing: then they have its SHA-256; a `WrongReportBytes` says that they do not.
   */
  readReport(name: string, format: Format, call?: ReadOptions): AsyncGenerator<Uint8Array, void>;
  /** The same, all at once. */
  fetchReport(name: string, format: Format, call?: CallOptions): Promise<Buffer>;
} & Disposable;

type Init<D extends DescMessage> = MessageInitShape<D>;

const watchAgainAfterMs = 100;

// Finds a connection that is gone without a word, which nothing else would end while a stream waits.
const keepalive: ChannelOptions = { "grpc.keepalive_time_ms": 20_000, "grpc.keepalive_timeout_ms": 10_000 };

/** A client of the report service at a gRPC target such as `127.0.0.1:9001` or `xds:///report` (after grpc-js-xds's `register()`). */
export function createReportClient(
  target: string,
  credentials: ChannelCredentials,
  options: ChannelOptions = {},
): ReportClient {
  const channel = new Client(target, credentials, { ...keepalive, ...options });
  return {
    createReport: (order, call) => unary(channel, Reports.method.createReport, order, call),
    batchCreateReports: (orders, call) => unary(channel, Reports.method.batchCreateReports, orders, call),
    retryReport: (request, call) => unary(channel, Reports.method.retryReport, request, call),
    deleteReport: (request, call) => unary(channel, Reports.method.deleteReport, request, call),
    createUpload: (request, call) => unary(channel, Reports.method.createUpload, request, call),
    completeUpload: (name, call) => unary(channel, Reports.method.completeUpload, { name }, call),
    getDownloadUrl: (request, call) => unary(channel, Results.method.getDownloadUrl, request, call),
    upload: (about, source, call) => upload(channel, about, source, call),
    getOperation: (name, call) => unary(channel, Operations.method.getOperation, { name }, call),
    cancelOperation: (name, call) => unary(channel, Operations.method.cancelOperation, { name }, call),
    waitOperation: (name, call) => unary(channel, Operations.method.waitOperation, { name }, call),
    cancelReport: (request, call) => unary(channel, Reports.method.cancelReport, request, call),
    listReportKinds: (call) => unary(channel, Reports.method.listReportKinds, {}, call),
    getReportKind: (name, call) => unary(channel, Reports.method.getReportKind, { name }, call),
    getReport: (name, call, fields = []) =>
      unary(channel, Results.method.getReport, { name, readMask: { paths: [...fields] } }, call),
    listReports: (request, call) => unary(channel, Results.method.listReports, request, call),
    eachReport: (request, call) => eachReport(channel, request, call),
    listQueues: (call) => unary(channel, Results.method.listQueues, {}, call),
    watchReport: (request, call) => stream(channel, Results.method.watchReport, request, call),
    streamReport: (request, call) => stream(channel, Results.method.streamReport, request, call),
    followReport: (name, afterSequence, call) => followReport(channel, name, afterSequence, call),
    waitForEnd: (name, call) => waitForEnd(channel, name, call),
    readReport: (name, format, call) => readReport(channel, name, format, call),
    fetchReport: (name, format, call) => fetchReport(channel, name, format, call),
    [Symbol.dispose]: () => channel.close(),
  };
}

async function* eachReport(
  channel: Client,
  request: Init<typeof ListReportsRequestSchema>,
  call: CallOptions | undefined,
): AsyncGenerator<Report, void> {
  for (let pageToken = request.pageToken ?? ""; ; ) {
    const { value } = await unary(channel, Results.method.listReports, { ...request, pageToken }, call);
    yield* value.reports;
    pageToken = value.nextPageToken;
    if (pageToken === "") return;
  }
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
  let ended = false;
  for (let last = afterSequence; !call.signal?.aborted; ) {
    const left = deadlineMs === Number.POSITIVE_INFINITY ? {} : { timeoutMs: deadlineMs - performance.now() };
    const request = { name, afterSequence: last };
    try {
      for await (const event of stream(channel, Results.method.watchReport, request, { ...call, ...left })) {
        last = event.sequence;
        ended = event.report !== undefined && hasEnded(event.report);
        yield event;
      }
      return;
    } catch (error) {
      if (ended) return;
      if (!hasLostItsServer(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, watchAgainAfterMs));
    }
  }
}

async function waitForEnd(channel: Client, name: string, call?: CallOptions): Promise<Report> {
  let last: Report | undefined;
  // Up to the status, which follows: to leave before it would cancel the call.
  for await (const { report } of followReport(channel, name, 0n, call)) last = report ?? last;
  if (last && hasEnded(last)) return last;
  throw new Error(`${name}: what followed it ended before it did`);
}
