import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { type ApiError, badRequest, refusal } from "./api-error.ts";
import { authorOf } from "./author.ts";
import { parsePrecondition } from "./etag.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import { type ReportDesk, ReportDeskError } from "./report-desk.ts";
import { queuesShape, reportDetail, reportFormats, reportShape, reportStates } from "./report-shapes.ts";

const tags = ["reports"];
const resourceId = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'expected an id of lower-case letters, digits and "-"');
const params = z.object({ id: resourceId.meta({ description: "The last part of the report's name" }) });
const tenant = resourceId.optional().meta({ description: "Whose; reports.tenant of the settings unless told" });
const ofTenant = z.strictObject({ tenant });
const states = z
  .string()
  .optional()
  .transform((text) => (text === undefined || text === "" ? [] : text.split(",")))
  .pipe(z.array(z.enum(reportStates)))
  .meta({ description: `Only those in one of these states, as in FAILED,CANCELLED: ${reportStates.join(", ")}` });
const listQuery = z.strictObject({
  tenant,
  state: states,
  kind: resourceId.optional(),
  pageSize: z.coerce.number().int().min(1).max(1_000).optional(),
  pageToken: z.string().max(2_000).optional(),
});
const actQuery = z.strictObject({
  tenant,
  reason: z.string().max(500).optional().meta({ description: "Why; also as X-Weir-Reason" }),
});
const conditions = z.looseObject({
  "if-match": z.string().optional().meta({ description: "The ETag of the report as it was seen; else: 412" }),
});

/** What goes through the control plane is for looking at; more than this is fetched from the report service itself. */
const mostBytes = 64 * 1024 * 1024;
const mostDownloads = 4;

/** Reports of the report service that this control plane was told of: seen, retried, cancelled and fetched. */
export function reportRoutes(app: OperatorApp, { parts, closing }: OperatorContext): void {
  app.get(
    "/v1/reports",
    {
      schema: {
        summary: "A tenant's reports, newest first",
        tags,
        querystring: listQuery,
        response: {
          200: z.object({ tenant: z.string(), reports: z.array(reportShape), nextPageToken: z.string().optional() }),
        },
      },
    },
    async ({ query: { state, kind, pageSize = 50, pageToken = "", tenant } }) => {
      const desk = deskOf(parts.reports);
      const of = tenant ?? desk.tenant;
      const page = await told(desk.list({ tenant: of, states: state, kind, pageSize, pageToken }));
      const { reports, nextPageToken } = page;
      return { tenant: of, reports: [...reports], ...(nextPageToken !== "" && { nextPageToken }) };
    },
  );

  app.get(
    "/v1/reports/:id",
    {
      schema: {
        summary: "One report, with what happened to it",
        tags,
        params,
        querystring: ofTenant,
        response: { 200: reportDetail },
      },
    },
    async ({ params: { id }, query }, reply) => {
      const desk = deskOf(parts.reports);
      const report = await told(desk.get(query.tenant ?? desk.tenant, id));
      return reply.header("etag", report.etag).send(report);
    },
  );

  app.post(
    "/v1/reports/:id([a-z0-9-]+)::cancel",
    {
      schema: {
        summary: "Stop a report that waits or runs",
        description: "A reason is needed: its tenant reads it.",
        tags,
        params,
        querystring: actQuery,
        headers: conditions,
        response: { 200: reportShape },
      },
    },
    async (request) => {
      const { desk, of, id, author } = asked(request);
      if (author.reason === "")
        throw badRequest("the cancel", [
          { at: "reason", says: "is needed, its tenant reads it: ?reason= or X-Weir-Reason" },
        ]);
      await parts.acts.record({ verb: "cancel-report", on: `reports/${id}` }, author);
      const reason = `${author.by}: ${author.reason}`.slice(0, 500);
      return told(desk.cancel(of, id, { reason, etag: etagOf(request.headers) }));
    },
  );

  app.post(
    "/v1/reports/:id([a-z0-9-]+)::retry",
    {
      schema: {
        summary: "Make a report once more that failed, was cancelled or has expired",
        tags,
        params,
        querystring: actQuery,
        response: { 200: reportShape },
      },
    },
    async (request) => {
      const { desk, of, id, author } = asked(request);
      await parts.acts.record({ verb: "retry-report", on: `reports/${id}` }, author);
      const key = request.headers["idempotency-key"];
      return told(desk.retry(of, id, typeof key === "string" && key.length <= 200 ? key : randomUUID()));
    },
  );

  let downloads = 0;
  app.get(
    "/v1/reports/:id([a-z0-9-]+)::download",
    {
      schema: {
        summary: "The bytes of a report in one of its formats, at most 64 MiB",
        tags,
        params,
        querystring: ofTenant.extend({ format: z.enum(reportFormats) }),
        response: { 200: { description: "The file", content: { "*/*": { schema: z.unknown() } } } },
      },
    },
    async ({ params: { id }, query, raw }, reply) => {
      const desk = deskOf(parts.reports);
      if (downloads >= mostDownloads) throw tooManyDownloads();
      const left = new AbortController();
      raw.once("close", () => left.abort());
      downloads += 1;
      reply.raw.once("close", () => {
        downloads -= 1;
        left.abort();
      });
      const signal = AbortSignal.any([left.signal, closing]);
      const file = await told(desk.download(query.tenant ?? desk.tenant, id, query.format, signal));
      if (file.sizeBytes > mostBytes) {
        const says = `${file.fileName} has ${file.sizeBytes} bytes, and at most ${mostBytes} go through here: weir report fetch ${id} --format ${query.format.toLowerCase()}`;
        throw refusal(409, "FAILED_PRECONDITION", "REPORT_TOO_LARGE", says, { sizeBytes: String(file.sizeBytes) });
      }
      return reply
        .type(file.mediaType)
        .headers({
          "content-length": String(file.sizeBytes),
          "content-disposition": `attachment; filename="${file.fileName}"`,
        })
        .send(Readable.from(file.bytes, { objectMode: false, highWaterMark: 64 * 1024 }));
    },
  );

  app.get(
    "/v1/report-queues",
    {
      schema: {
        summary: "What waits for each worker cluster, since when, who makes it, and what is not made for now",
        description: "Of all tenants, as every server of the report service that can be reached tells.",
        tags,
        response: { 200: queuesShape },
      },
    },
    async () => told(deskOf(parts.reports).queues()),
  );

  function asked(
    request: Pick<FastifyRequest, "headers" | "principal"> & {
      readonly params: z.output<typeof params>;
      readonly query: z.output<typeof actQuery>;
    },
  ) {
    const desk = deskOf(parts.reports);
    const author = authorOf(request, request.query);
    return { desk, of: request.query.tenant ?? desk.tenant, id: request.params.id, author };
  }
}

/** As the report service takes it; empty: however it is now. */
function etagOf(headers: Parameters<typeof parsePrecondition>[0]): string {
  const precondition = parsePrecondition(headers);
  if (precondition.kind === "none" || precondition.kind === "exists") return "";
  const [etag, ...others] = precondition.kind === "one-of" ? precondition.etags : [];
  if (etag !== undefined && others.length === 0) return `"${etag}"`;
  throw badRequest("the request's headers", [{ at: "If-Match", says: 'expected the ETag of the report, like "4"' }]);
}

function deskOf(desk: ReportDesk | undefined): ReportDesk {
  if (desk) return desk;
  const says =
    "this control plane was told of no report service: reports.service or reports.address of its settings name one";
  throw refusal(404, "NOT_FOUND", "NO_REPORT_SERVICE", says);
}

async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw cause instanceof ReportDeskError ? asRefusal(cause) : cause;
  }
}

function asRefusal({ why, message, reason, violations, retryAfterMs }: ReportDeskError): ApiError {
  const retry = { "retry-after": String(Math.max(1, Math.ceil((retryAfterMs ?? 1_000) / 1_000))) };
  switch (why) {
    case "unreachable":
      return refusal(503, "UNAVAILABLE", "REPORTS_UNREACHABLE", message, {}, retry);
    case "refuses-us":
      return refusal(503, "UNAVAILABLE", reason ?? "REPORTS_REFUSE_US", message);
    case "invalid":
      return violations.length === 0
        ? refusal(400, "INVALID_ARGUMENT", reason ?? "PARAMETER_INVALID", message)
        : badRequest(
            "the request",
            violations.map(({ field, description }) => ({ at: field, says: description })),
          );
    case "not-found":
      return refusal(404, "NOT_FOUND", "NO_SUCH_REPORT", message);
    case "not-now":
      return refusal(409, "FAILED_PRECONDITION", reason ?? "REPORT_STATE", message);
    case "changed":
      return refusal(412, "ABORTED", reason ?? "ETAG_MISMATCH", message);
    case "too-much":
      return refusal(429, "RESOURCE_EXHAUSTED", reason ?? "TOO_MANY_CALLS", message, {}, retry);
    case "not-there":
      return refusal(501, "UNIMPLEMENTED", reason ?? "NOT_OFFERED", message);
  }
}

function tooManyDownloads(): ApiError {
  const says = `${mostDownloads} reports are being fetched through this control plane: ask again, or weir report fetch`;
  return refusal(429, "RESOURCE_EXHAUSTED", "TOO_MANY_DOWNLOADS", says, {}, { "retry-after": "5" });
}
