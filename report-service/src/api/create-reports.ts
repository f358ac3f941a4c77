import { status } from "@grpc/grpc-js";
import type { CreateReportRequest } from "@weir/proto/report/v1/report_pb.ts";
import { randomBytes } from "../lib/random-bytes.ts";
import type { QueueLimits } from "../model/admission.ts";
import type { Shut } from "../model/circuit.ts";
import { contentKeyOf } from "../model/content-key.ts";
import type { ReportKind } from "../model/kind.ts";
import { kindName, reportName, uploadName } from "../model/names.ts";
import type { Problem } from "../model/parsed.ts";
import { newReport, type Report } from "../model/report.ts";
import { makeReportId } from "../model/report-id.ts";
import type { Created, Creation, ReportStore } from "../ports/report-store.ts";
import type { UploadStore } from "../ports/upload-store.ts";
import { CallError, errorInfo, invalid, retryInfo, shown } from "./call-error.ts";
import type { CallContext } from "./handlers.ts";
import { type Order, type ParseParts, parseCreate } from "./parse-create.ts";

export type CreateParts = ParseParts & {
  readonly reports: ReportStore;
  /** Creates of which each stands alone. */
  readonly createAlone: ReportStore["create"];
  /** Why nothing of a kind is made now, as far as this server knows. */
  readonly shut: (kind: ReportKind) => Shut | undefined;
  readonly uploads: UploadStore;
  readonly datacenter: string;
  readonly limits: QueueLimits;
  /** How long an ended report is kept where nobody says otherwise. */
  readonly retentionMs: number;
};

/** What one create of several came to: its report, perhaps one that was there before, or what to answer instead. */
export type Answer = { readonly report: Report; readonly reused: boolean } | CallError;

/** Creates what can be created, in one go; `parent` is the tenant of those that name none. */
export async function createReports(
  requests: readonly CreateReportRequest[],
  parent: string,
  parts: CreateParts,
  call: CallContext,
): Promise<readonly Answer[]> {
  const drafts = await Promise.all(requests.map((request) => draft(request, parent, parts, call)));
  const creations = drafts.flatMap((one) => (one.kind === "create" ? [one.creation] : []));
  const created = creations.length > 0 ? await parts.reports.create(creations, parts.limits, call.signal) : [];
  const answers = created.map(answerOf).values();
  const all = drafts.map((one) => {
    if (one.kind === "find") return find(one, parts, call);
    return existing(one.kind === "create" ? answers.next().value : one.answer);
  });
  return Promise.all(all);
}

type Draft =
  | { readonly kind: "create"; readonly creation: Creation }
  /** Only what is there already may answer. */
  | { readonly kind: "find"; readonly creation: Creation; readonly shut: Shut }
  | { readonly kind: "answer"; readonly answer: Answer };

// A queue that takes nobody: what is left of a create is its look for a report that answers it.
const closed: QueueLimits = { queue: 0, tenant: 0 };

async function find(
  { creation, shut }: Extract<Draft, { kind: "find" }>,
  { createAlone }: CreateParts,
  { signal }: CallContext,
): Promise<Answer> {
  const [created] = await createAlone([creation], closed, signal);
  if (created && created.kind !== "full") return answerOf(created);
  const { kind } = creation.report;
  const message = `${kindName(kind)} is not made for now, since it has failed again and again; the last time: ${shut.why}`;
  return new CallError(status.UNAVAILABLE, message, [
    retryInfo(shut.retryAfterMs),
    errorInfo("KIND_CIRCUIT_OPEN", { kind: kindName(kind) }),
  ]);
}

/** What is to be created; an answer at once where that is wrong or was only to be checked. */
async function draft(
  request: CreateReportRequest,
  parent: string,
  parts: CreateParts,
  call: CallContext,
): Promise<Draft> {
  const order = parseCreate(request, request.parent === "" ? parent : request.parent, parts);
  if (!order.ok) return { kind: "answer", answer: invalid(order.problems) };
  const hashes = await hashesOf(order.value, parts.uploads, call.signal);
  if (hashes instanceof CallError) return { kind: "answer", answer: hashes };
  const report = reportOf(order.value, hashes, parts, call);
  if (order.value.validateOnly) return { kind: "answer", answer: { report, reused: false } };
  const { request: requestKey, reuseMaxAgeMs } = order.value;
  const creation: Creation = {
    report,
    ...(requestKey && { request: requestKey }),
    ...(reuseMaxAgeMs !== "never" && { reuseSinceMs: Math.max(0, report.createdAtMs - reuseMaxAgeMs) }),
  };
  const shut = parts.shut(order.value.kind);
  return shut ? { kind: "find", creation, shut } : { kind: "create", creation };
}

function reportOf(
  order: Order,
  uploadHashes: readonly string[],
  parts: CreateParts,
  { metadata }: CallContext,
): Report {
  const { tenant, kind, parameters, formats, asOfMs, priority, labels, notifyUrl } = order;
  const createdAtMs = parts.clock.now();
  const [traceparent] = metadata.get("traceparent");
  return newReport({
    ...{ tenant, kind: kind.name, parameters, formats, priority, labels, createdAtMs, datacenter: parts.datacenter },
    id: order.id ?? makeReportId(parts.datacenter, createdAtMs, randomBytes(10)),
    cluster: kind.cluster,
    sensitive: kind.sensitive,
    uploads: order.uploads.map(({ id }) => id),
    retentionMs: order.ttlMs ?? kind.retentionMs ?? parts.retentionMs,
    contentKey: contentKeyOf(
      { kind, parameters, formats, asOfMs, uploads: uploadHashes, notifyUrl },
      parts.fingerprint(kind),
    ),
    ...(asOfMs !== undefined && { asOfMs }),
    ...(notifyUrl !== undefined && { notifyUrl }),
    ...(typeof traceparent === "string" && { traceparent }),
  });
}

function existing(answer: Answer | undefined): Answer {
  if (!answer) throw new Error("the store has not answered every create");
  return answer;
}

async function hashesOf(
  { uploads: keys, kind }: Order,
  uploads: UploadStore,
  signal: AbortSignal,
): Promise<readonly string[] | CallError> {
  const found = await Promise.all(keys.map((key) => uploads.read(key, signal)));
  const missing = keys.filter((_, index) => found[index]?.completedAtMs === undefined);
  if (missing.length > 0) {
    const names = missing.map(uploadName).join(", ");
    return new CallError(status.FAILED_PRECONDITION, `not uploaded, or not completed: ${names}`, [
      errorInfo("INPUT_MISSING", { uploads: names }),
    ]);
  }
  const problems = kind.inputs.flatMap(({ name, mediaTypes }, index): readonly Problem[] => {
    const mediaType = found[index]?.mediaType ?? "";
    if (mediaTypes.some((one) => one === mediaType)) return [];
    const says = `is ${shown(mediaType)}; ${name} must be ${mediaTypes.join(" or ")}`;
    return [{ at: `report.uploads[${index}]`, says }];
  });
  if (problems.length > 0) return invalid(problems);
  return found.flatMap((upload) => (upload ? [upload.sha256] : []));
}

function answerOf(created: Created): Answer {
  switch (created.kind) {
    case "created":
    case "repeated":
      return { report: created.report, reused: false };
    case "reused":
      return { report: created.report, reused: true };
    case "other-body":
      return new CallError(
        status.ALREADY_EXISTS,
        `request_id was used before with another request, which made ${reportName(created.report)}; use a new id`,
        [errorInfo("REQUEST_ID_REUSED", { report: reportName(created.report) })],
      );
    case "id-taken":
      return new CallError(
        status.ALREADY_EXISTS,
        `there is ${reportName(created.report)} already; use another report_id, or a request_id to repeat a create`,
        [errorInfo("REPORT_EXISTS", { report: reportName(created.report) })],
      );
    case "full": {
      const { of, queued, limit, retryAfterMs } = created;
      const whose = of === "tenant" ? " of this tenant" : "";
      const message = `${queued} reports${whose} wait and no more than ${limit} may; try again in ${retryAfterMs} ms`;
      return new CallError(status.RESOURCE_EXHAUSTED, message, [
        retryInfo(retryAfterMs),
        errorInfo(of === "tenant" ? "TENANT_QUEUE_FULL" : "QUEUE_FULL", { limit: String(limit) }),
      ]);
    }
  }
}
