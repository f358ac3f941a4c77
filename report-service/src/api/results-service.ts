import { create } from "@bufbuild/protobuf";
import { durationMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import type { Handlers } from "@weir/proto/grpc/service.ts";
import {
  type Chunk,
  ListReportsResponseSchema,
  ProgressSchema,
  type ReportEvent,
  ReportEventSchema,
  type Report as ReportMessage,
  ReportSchema,
  type Results,
  type StreamReportRequest,
} from "@weir/proto/report/v1/report_pb.ts";
import { parseReportName, type ReportKey } from "../model/names.ts";
import { type Artifact, endOf, hasEnded, type Report } from "../model/report.ts";
import type { Clock } from "../ports/clock.ts";
import type { JobQueue } from "../ports/job-queue.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { ReportStore } from "../ports/report-store.ts";
import type { SignedUrls } from "../ports/signed-urls.ts";
import { artifactFor } from "./artifact-for.ts";
import { CallError, errorInfo, invalid, notFound, retryInfo } from "./call-error.ts";
import { encodedEvent, encodedList, encodedReport, encodedUrl } from "./encoded-report.ts";
import type { Answering } from "./handlers.ts";
import { type ArtifactNote, madeElsewhere, type Whereabouts } from "./made-elsewhere.ts";
import { pageTokenOf } from "./paging.ts";
import { parseList } from "./parse-list.ts";
import { createQueueCalls, type QueueParts } from "./queue-calls.ts";
import { parseReadMask } from "./read-mask.ts";
import { mediaTypeOf, reportMessage } from "./report-message.ts";
import { NotHere, streamArtifact } from "./stream-artifact.ts";
import { noSignedUrls } from "./upload-calls.ts";

// A place further behind than this is told as just that.
const mostAhead = 1_000;
const defaultUrlMs = 15 * 60_000;
// What S3 signs for at most.
const maxUrlMs = 7 * 86_400_000;

export type ResultsParts = {
  readonly reports: ReportStore;
  readonly clock: Clock;
  readonly queue: Pick<JobQueue, "ahead" | "length" | "running">;
  readonly workersOf: QueueParts["workersOf"];
  readonly objects: ObjectStore;
  /** Undefined where clients cannot reach the object store. */
  readonly urls: SignedUrls | undefined;
  /** Aborts when this server is about to end: waiting calls are told to go on elsewhere. */
  readonly leaving: AbortSignal;
  /** Calls that may follow a report at once. */
  readonly watches: number;
  readonly observe: (note: ArtifactNote) => void;
} & Whereabouts;

/** report.v1.Results: reads, follows and delivers. */
export function createResultsService(parts: ResultsParts, { unary, streaming }: Answering): Handlers<typeof Results> {
  const { reports, clock, queue, workersOf, objects, urls, leaving, datacenter, watches, observe } = parts;

  /** With its place in the queue, where it waits in this data center's. */
  async function messageOf(report: Report): Promise<ReportMessage> {
    const message = reportMessage(report);
    if (report.status.kind !== "queued" || report.datacenter !== datacenter) return message;
    const ahead = await queue.ahead?.(report, mostAhead);
    if (ahead !== undefined) message.progress = create(ProgressSchema, { queuePosition: ahead + 1 });
    return message;
  }

  async function find(name: string, signal: AbortSignal): Promise<Report> {
    const key = parseReportName(name);
    const report = key && (await reports.read(key, signal));
    if (!report) throw notFound(name);
    return report;
  }

  let following = 0;

  function takePlace(): Disposable {
    if (following >= watches) throw tooManyWatches(watches);
    following += 1;
    return {
      [Symbol.dispose]() {
        following -= 1;
      },
    };
  }

  async function* watch(key: ReportKey, afterSequence: number, signal: AbortSignal): AsyncGenerator<ReportEvent> {
    using _place = takePlace();
    const either = AbortSignal.any([signal, leaving]);
    for await (const { sequence, timeMs, report } of reports.follow(key, afterSequence, either)) {
      yield create(ReportEventSchema, {
        sequence: BigInt(sequence),
        time: timestampFromMs(timeMs),
        report: await messageOf(report),
      });
    }
    if (leaving.aborted && !signal.aborted) throw goElsewhere();
  }

  async function ended(report: Report, signal: AbortSignal): Promise<Report> {
    using _place = takePlace();
    const either = AbortSignal.any([signal, leaving]);
    for await (const event of reports.follow(report, 0, either)) if (hasEnded(event.report)) return event.report;
    throw goElsewhere();
  }

  async function* stream(request: StreamReportRequest, signal: AbortSignal): AsyncGenerator<Chunk> {
    const found = await find(request.name, signal);
    const report = request.wait && !hasEnded(found) ? await ended(found, signal) : found;
    const artifact = artifactFor(report, request.format);
    try {
      yield* streamArtifact(objects, artifact, Number(request.offset), madeElsewhere(report, parts), signal);
    } catch (error) {
      if (error instanceof NotHere) observe(error.note);
      throw error;
    }
  }

  /** A signed URL would tell whoever follows it nothing but that there is no such object. */
  async function assertHere(report: Report, { key }: Artifact): Promise<void> {
    const elsewhere = madeElsewhere(report, parts);
    if (elsewhere === undefined || (await objects.isThere(key))) return;
    const missing = new NotHere(key, elsewhere);
    observe(missing.note);
    throw missing;
  }

  return {
    getReport: unary(async ({ name, readMask }, { signal }) => {
      const mask = parseReadMask(ReportSchema, readMask);
      if (!mask.ok) throw invalid(mask.problems);
      const report = await find(name, signal);
      if (mask.value) return mask.value(await messageOf(report));
      return report.status.kind === "queued" ? messageOf(report) : encodedReport(report);
    }),
    listReports: unary(async (request, { signal }) => {
      const query = parseList(request);
      if (!query.ok) throw invalid(query.problems);
      const { mask, digest, ...page } = query.value;
      const { reports: shown, next } = await reports.list(page, signal);
      const nextPageToken = pageTokenOf(next, digest);
      if (!mask) return encodedList(shown, nextPageToken);
      const masked = shown.map((report) => mask(reportMessage(report)));
      return create(ListReportsResponseSchema, { reports: masked, nextPageToken });
    }),
    watchReport: streaming(async function* ({ name, afterSequence }, { signal }) {
      if (afterSequence < 0n) throw invalid([{ at: "after_sequence", says: "must not be negative" }]);
      const report = await find(name, signal);
      const after = Number(afterSequence);
      const last = endOf(report);
      // Only the store knows the events between the first and the last one.
      if (!last || (after > 0 && after < last.sequence)) yield* watch(report, after, signal);
      else if (after === 0) yield encodedEvent(last);
    }),
    getDownloadUrl: unary(async ({ name, format, validFor }, { signal }) => {
      const validMs = validFor ? durationMs(validFor) : defaultUrlMs;
      if (!(validMs >= 1_000 && validMs <= maxUrlMs))
        throw invalid([{ at: "valid_for", says: "must be 1 s to 7 days" }]);
      if (!urls) throw noSignedUrls();
      const report = await find(name, signal);
      const artifact = artifactFor(report, format);
      await assertHere(report, artifact);
      const as = { fileName: `${report.id}.${artifact.format}`, mediaType: mediaTypeOf(artifact.format) };
      return encodedUrl(await urls.get(artifact.key, as, validMs), artifact);
    }),
    streamReport: streaming((request, { signal }) => stream(request, signal)),
    ...createQueueCalls({ queue, clock, workersOf }, unary),
  };
}

function tooManyWatches(limit: number): CallError {
  return new CallError(status.RESOURCE_EXHAUSTED, `${limit} calls follow reports here, and no more may`, [
    retryInfo(1_000),
    errorInfo("TOO_MANY_WATCHES", { limit: String(limit) }),
  ]);
}

function goElsewhere(): CallError {
  return new CallError(status.UNAVAILABLE, "this server is leaving; go on with another one from where you are", [
    errorInfo("SERVER_LEAVING"),
  ]);
}
