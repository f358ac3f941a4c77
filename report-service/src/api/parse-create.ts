import { createHash } from "node:crypto";
import type { CreateReportRequest } from "@weir/proto/report/v1/report_pb.ts";
import type { Json, JsonObject, KindBook, ReportKind } from "../model/kind.ts";
import { kindName, parseKindName, parseTenantName, type TenantId } from "../model/names.ts";
import type { Parsed, Problem } from "../model/parsed.ts";
import type { Format, Parameters } from "../model/report.ts";
import type { RequestKey } from "../ports/report-store.ts";
import { formatOf } from "./report-message.ts";

/** A create that can be carried out. */
export type Order = {
  readonly tenant: TenantId;
  readonly kind: ReportKind;
  readonly parameters: Parameters;
  readonly formats: readonly Format[];
  readonly request: RequestKey | undefined;
};

/** What a client asks for, or everything that is wrong with it. */
export function parseCreate(message: CreateReportRequest, kinds: KindBook): Parsed<Order> {
  const problems: Problem[] = [];
  const tenant = parseTenantName(message.parent);
  if (!tenant) problems.push({ at: "parent", says: `must be tenants/{tenant}, not "${message.parent}"` });
  if (!/^[\x21-\x7e]{0,128}$/.test(message.requestId)) {
    problems.push({ at: "request_id", says: "must be at most 128 printable ASCII characters; a UUID is best" });
  }
  const kind = kinds.get(parseKindName(message.report?.kind ?? "") ?? unknownKind);
  if (!kind) problems.push({ at: "report.kind", says: kindSays(message.report?.kind, kinds) });

  const given = (message.report?.parameters ?? {}) as JsonObject;
  const parameters = kind?.parseParameters(given);
  if (parameters && !parameters.ok) problems.push(...parameters.problems.map(inParameters));
  const formats = kind && parseFormats(message, kind);
  if (formats && !formats.ok) problems.push(...formats.problems);

  if (!tenant || !kind || !parameters?.ok || !formats?.ok || problems.length > 0) return { ok: false, problems };
  const request = message.requestId === "" ? undefined : { id: message.requestId, bodyHash: hashOf(message, given) };
  return { ok: true, value: { tenant, kind, parameters: parameters.value, formats: formats.value, request } };
}

// No document can have this name, so that the look-up below finds nothing.
const unknownKind = "" as ReportKind["name"];

function kindSays(asked: string | undefined, kinds: KindBook): string {
  const names = [...kinds.keys()].map(kindName).join(", ");
  return asked ? `"${asked}" is none of ${names}` : `is missing; there are ${names}`;
}

function parseFormats(message: CreateReportRequest, kind: ReportKind): Parsed<readonly Format[]> {
  const problems: Problem[] = [];
  const formats = new Set<Format>();
  for (const [index, asked] of (message.report?.formats ?? []).entries()) {
    const format = formatOf(asked);
    if (format && kind.formats.includes(format)) formats.add(format);
    else problems.push({ at: `report.formats[${index}]`, says: `must be one of ${kind.formats.join(", ")}` });
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: formats.size > 0 ? [...formats] : kind.formats };
}

function inParameters({ at, says }: Problem): Problem {
  return { at: at === "" ? "report.parameters" : `report.parameters.${at}`, says };
}

/** Equal for equal requests, in whatever order the parameters came. */
function hashOf(message: CreateReportRequest, parameters: JsonObject): string {
  const body = [message.report?.kind ?? "", sorted(parameters), message.report?.formats ?? []];
  return createHash("sha256").update(JSON.stringify(body)).digest("hex");
}

function sorted(value: Json): Json {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value as JsonObject).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]));
}
