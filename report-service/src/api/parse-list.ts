import { hash } from "node:crypto";
import { type ListReportsRequest, ReportSchema } from "@weir/proto/report/v1/report_pb.ts";
import { parseTenantName } from "../model/names.ts";
import type { Parsed, Problem } from "../model/parsed.ts";
import type { ReportQuery } from "../ports/report-store.ts";
import { shown } from "./call-error.ts";
import { pageSizeOf, parsePageToken } from "./paging.ts";
import { parseFilter } from "./parse-filter.ts";
import { type Masking, parseReadMask } from "./read-mask.ts";

/** Of a tenant's reports, for one page. Reading and passing over so many takes a database some milliseconds. */
const lookAt = 5_000;

/** A page that is asked for; `digest` is of what its token must agree with. */
export type ListOrder = ReportQuery & {
  readonly mask: Masking<typeof ReportSchema> | undefined;
  readonly digest: string;
};

/** Which reports a client wants to see, or everything that is wrong with its wish. */
export function parseList(request: ListReportsRequest): Parsed<ListOrder> {
  const problems: Problem[] = [];
  const collect = <T>(parsed: Parsed<T>): T | undefined => {
    if (parsed.ok) return parsed.value;
    problems.push(...parsed.problems);
    return undefined;
  };
  const { parent, pageSize, pageToken, orderBy, readMask } = request;
  const tenant = parseTenantName(parent);
  if (!tenant) problems.push({ at: "parent", says: `must be tenants/{tenant}, not "${shown(parent)}"` });
  const filter = collect(parseFilter(request.filter));
  const order = collect(parseOrder(orderBy));
  const limit = collect(pageSizeOf(pageSize));
  const mask = parseReadMask(ReportSchema, readMask);
  collect(mask);
  const digest = digestOf([parent, request.filter, order ?? ""]);
  const after = collect(parsePageToken(pageToken, digest));
  if (!tenant || !filter || !order || limit === undefined || !mask.ok || problems.length > 0)
    return { ok: false, problems };
  return {
    ok: true,
    value: { tenant, filter, order, limit, lookAt, mask: mask.value, digest, ...(after && { after }) },
  };
}

/** As https://google.aip.dev/132 writes an order. */
function parseOrder(text: string): Parsed<ReportQuery["order"]> {
  const words = text.trim().replaceAll(/\s+/g, " ");
  if (words === "" || words === "create_time desc") return { ok: true, value: "newest-first" };
  if (words === "create_time" || words === "create_time asc") return { ok: true, value: "oldest-first" };
  const says = `must be "create_time" or "create_time desc", not "${shown(words)}"`;
  return { ok: false, problems: [{ at: "order_by", says }] };
}

function digestOf(parts: readonly string[]): string {
  return hash("sha256", JSON.stringify(parts), "base64url").slice(0, 12);
}
