import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type CreateReportRequest,
  type Report as ReportMessage,
  CreateReportRequest_Reuse as ReuseMessage,
} from "@weir/proto/report/v1/report_pb.ts";
import { canonicalJson, contentHash, type Hash } from "../model/content-key.ts";
import type { JsonObject, KindBook, ReportKind } from "../model/kind.ts";
import {
  kindName,
  parseKindName,
  parseReportId,
  parseTenantName,
  parseUploadName,
  type ReportId,
  type TenantId,
  type UploadKey,
} from "../model/names.ts";
import type { Parsed, Problem } from "../model/parsed.ts";
import type { Format, Parameters, Priority } from "../model/report.ts";
import type { Clock } from "../ports/clock.ts";
import type { RequestKey } from "../ports/report-store.ts";
import { shown } from "./call-error.ts";
import { formatOf, priorityOf } from "./report-message.ts";

/** A create that can be carried out. */
export type Order = {
  readonly tenant: TenantId;
  readonly id: ReportId | undefined;
  readonly kind: ReportKind;
  readonly parameters: Parameters;
  readonly formats: readonly Format[];
  readonly uploads: readonly UploadKey[];
  readonly asOfMs: number | undefined;
  readonly priority: Priority;
  readonly labels: Readonly<Record<string, string>>;
  readonly ttlMs: number | undefined;
  readonly notifyUrl: string | undefined;
  readonly request: RequestKey | undefined;
  /** How old an identical report may be that answers; `never` where none may. */
  readonly reuseMaxAgeMs: number | "never";
  readonly validateOnly: boolean;
};

export type ParseParts = {
  readonly kinds: KindBook;
  readonly clock: Clock;
  /** How the parameters of a kind are hashed for good. */
  readonly fingerprint: (kind: ReportKind) => Hash;
  /** What is wrong with telling a receiver that reports of this tenant have ended; undefined where nothing is. */
  readonly refusesNotice: (url: string, tenant: TenantId | undefined) => string | undefined;
};

const maxParametersBytes = 64 * 1024;
const maxUploads = 16;
const maxLabels = 64;
const maxTtlMs = 366 * 86_400_000;

/** What a client asks for, or everything that is wrong with it; `parent` is the tenant's name. */
export function parseCreate(
  message: CreateReportRequest,
  parent: string,
  { kinds, clock, fingerprint, refusesNotice }: ParseParts,
): Parsed<Order> {
  const problems: Problem[] = [];
  const collect = <T>(parsed: Parsed<T>): T | undefined => {
    if (parsed.ok) return parsed.value;
    problems.push(...parsed.problems);
    return undefined;
  };
  const say = (at: string, says: string): void => void problems.push({ at, says });
  const { report } = message;

  const tenant = parseTenantName(parent);
  if (!tenant) say("parent", `must be tenants/{tenant}, not "${shown(parent)}"`);
  if (!isRequestId(message.requestId)) say("request_id", requestIdSays);
  const id = message.reportId === "" ? undefined : parseReportId(message.reportId);
  if (message.reportId !== "" && !id) {
    say("report_id", "must have 1 to 63 characters a-z, 0-9 and -, the first and last no -, and not be uploads");
  }
  const kind = kinds.get(parseKindName(report?.kind ?? "") ?? unknownKind);
  if (!kind) say("report.kind", kindSays(report?.kind, kinds));
  const given = (report?.parameters ?? {}) as JsonObject;
  const parameters = kind && collect(parseParameters(given, kind));
  const formats = kind && collect(parseFormats(report?.formats ?? [], kind));
  const uploads = collect(parseUploads(report?.uploads ?? [], tenant));
  if (kind && uploads && kind.inputs.length > 0 && uploads.length !== kind.inputs.length) {
    const names = kind.inputs.map(({ name, mediaTypes }) => `${name} (${mediaTypes.join(" or ")})`).join(", ");
    say("report.uploads", `must be ${kind.inputs.length}, in this order: ${names}`);
  }
  const labels = collect(parseLabels(report?.labels ?? {}));
  const priority = priorityOf(report?.priority ?? 0);
  if (!priority) say("report.priority", "must be one of INTERACTIVE, STANDARD, BULK");
  const ttlMs = report?.ttl && durationMs(report.ttl);
  if (ttlMs !== undefined && !(ttlMs >= 1_000 && ttlMs <= maxTtlMs)) say("report.ttl", "must be 1 s to 366 days");
  const asOfMs = report?.asOfTime && timestampMs(report.asOfTime);
  if (asOfMs !== undefined && !(asOfMs <= clock.now())) say("report.as_of_time", "must not be in the future");
  const notifyUrl = report?.notifyUrl || undefined;
  const refusal = notifyUrl && refusesNotice(notifyUrl, tenant);
  if (refusal) say("report.notify_url", refusal);
  const reuseMaxAgeMs = collect(parseReuse(message, kind));

  if (!tenant || !kind || !parameters || !formats || !uploads || !labels || !priority) return { ok: false, problems };
  if (reuseMaxAgeMs === undefined || problems.length > 0) return { ok: false, problems };
  const request =
    message.requestId === ""
      ? undefined
      : { id: message.requestId, bodyHash: hashOf(message, given, fingerprint(kind)) };
  return {
    ok: true,
    value: {
      ...{ tenant, id, kind, parameters, formats, uploads, asOfMs, priority, labels, ttlMs, request, reuseMaxAgeMs },
      notifyUrl,
      validateOnly: message.validateOnly,
    },
  };
}

export const requestIdSays = "must be at most 128 printable ASCII characters; a UUID is best";

export function isRequestId(text: string): boolean {
  return /^[\x21-\x7e]{0,128}$/.test(text);
}

// No document can have this name, so that the look-up above finds nothing.
const unknownKind = "" as ReportKind["name"];

function kindSays(asked: string | undefined, kinds: KindBook): string {
  const names = [...kinds.keys()].map(kindName).join(", ");
  return asked ? `"${shown(asked)}" is none of ${names}` : `is missing; there are ${names}`;
}

function parseParameters(given: JsonObject, kind: ReportKind): Parsed<Parameters> {
  const bytes = Buffer.byteLength(JSON.stringify(given));
  if (bytes > maxParametersBytes) {
    const says = `must have at most ${maxParametersBytes} bytes as JSON, not ${bytes}; send large input as an upload`;
    return { ok: false, problems: [{ at: "report.parameters", says }] };
  }
  const parsed = kind.parseParameters(given);
  if (parsed.ok) return parsed;
  const inParameters = ({ at, says }: Problem) => ({
    at: at === "" ? "report.parameters" : `report.parameters.${shown(at)}`,
    says,
  });
  return { ok: false, problems: parsed.problems.slice(0, 100).map(inParameters) };
}

function parseFormats(asked: ReportMessage["formats"], kind: ReportKind): Parsed<readonly Format[]> {
  const known = asked.map(formatOf);
  const wrong = known.flatMap((format, index) => (format && kind.formats.includes(format) ? [] : [index]));
  if (wrong.length > 0) {
    const says = `must be one of ${kind.formats.join(", ")}`;
    return { ok: false, problems: wrong.slice(0, 100).map((index) => ({ at: `report.formats[${index}]`, says })) };
  }
  const formats = [...new Set(known.filter((format) => format !== undefined))];
  return { ok: true, value: formats.length > 0 ? formats : kind.formats };
}

function parseUploads(names: readonly string[], tenant: TenantId | undefined): Parsed<readonly UploadKey[]> {
  if (names.length > maxUploads) {
    return {
      ok: false,
      problems: [{ at: "report.uploads", says: `may be at most ${maxUploads}, not ${names.length}` }],
    };
  }
  const keys = names.map(parseUploadName);
  const problems = keys.flatMap((key, index): readonly Problem[] => {
    const at = `report.uploads[${index}]`;
    if (!key) return [{ at, says: `must be tenants/{tenant}/uploads/{upload}, not "${shown(names[index] ?? "")}"` }];
    return tenant && key.tenant !== tenant ? [{ at, says: "must be of the same tenant" }] : [];
  });
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: keys.filter((key) => key !== undefined) };
}

function parseLabels(labels: Readonly<Record<string, string>>): Parsed<Readonly<Record<string, string>>> {
  const entries = Object.entries(labels);
  if (entries.length > maxLabels) {
    return {
      ok: false,
      problems: [{ at: "report.labels", says: `may be at most ${maxLabels}, not ${entries.length}` }],
    };
  }
  const problems = entries.flatMap(([name, value]): readonly Problem[] => {
    if (!/^[a-z][a-z0-9_-]{0,62}$/.test(name)) {
      const says = `has the name "${shown(name)}"; a name begins with a-z and goes on with up to 62 of a-z, 0-9, _ and -`;
      return [{ at: "report.labels", says }];
    }
    if (value.length <= 63 && !/[\p{Cc}\p{Cs}]/u.test(value)) return [];
    return [{ at: `report.labels.${name}`, says: "must have at most 63 characters, none of them a control character" }];
  });
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: { ...labels } };
}

function parseReuse(message: CreateReportRequest, kind: ReportKind | undefined): Parsed<number | "never"> {
  const { reuse, maxAge, reportId } = message;
  const refuse = (at: string, says: string): Parsed<never> => ({ ok: false, problems: [{ at, says }] });
  const maxAgeMs = maxAge && durationMs(maxAge);
  if (maxAgeMs !== undefined && !(maxAgeMs >= 0 && maxAgeMs <= maxTtlMs))
    return refuse("max_age", "must be 0 to 366 days");
  switch (reuse) {
    case ReuseMessage.NEVER:
      return maxAge ? refuse("max_age", "has no meaning with REUSE_NEVER") : { ok: true, value: "never" };
    case ReuseMessage.ALLOW:
      if (reportId !== "") return refuse("reuse", "cannot be REUSE_ALLOW with a report_id: another report may answer");
      return { ok: true, value: maxAgeMs ?? kind?.reuseMaxAgeMs ?? Number.POSITIVE_INFINITY };
    case ReuseMessage.UNSPECIFIED:
      if (maxAge) return refuse("max_age", "needs REUSE_ALLOW");
      return { ok: true, value: reportId === "" ? (kind?.reuseMaxAgeMs ?? "never") : "never" };
    default:
      return refuse("reuse", "must be one of REUSE_ALLOW, REUSE_NEVER");
  }
}

/** Equal for equal requests, in whatever order the parameters came. */
function hashOf({ report, ...request }: CreateReportRequest, parameters: JsonObject, hash: Hash): string {
  const { reportId, reuse, maxAge } = request;
  const {
    kind = "",
    formats = [],
    uploads = [],
    labels = {},
    priority = 0,
    ttl,
    asOfTime,
    notifyUrl = "",
  } = report ?? {};
  const times = [ttl, asOfTime, maxAge].map((time) => (time ? `${time.seconds}.${time.nanos}` : null));
  const all = [kind, canonicalJson(parameters), formats, uploads, labels, priority, times, reportId, reuse];
  // Requests that came before there were receivers keep their hash.
  return contentHash(notifyUrl === "" ? all : [...all, notifyUrl], hash);
}
