declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Whose report it is: `acme` of `tenants/acme`. */
export type TenantId = Branded<"TenantId">;
/** `dc-a-01k9x…`: the home data center, then a ULID. */
export type ReportId = Branded<"ReportId">;
/** `dc-a-01k9x…` of `tenants/acme/uploads/dc-a-01k9x…`. */
export type UploadId = Branded<"UploadId">;
/** `sales-by-region` of `reportKinds/sales-by-region`. */
export type KindName = Branded<"KindName">;

/** Where a report is found: the two ids in `tenants/{tenant}/reports/{report}`. */
export type ReportKey = { readonly tenant: TenantId; readonly id: ReportId };

/** Where an upload is found: the two ids in `tenants/{tenant}/uploads/{upload}`. */
export type UploadKey = { readonly tenant: TenantId; readonly id: UploadId };

// Resource ids as in https://google.aip.dev/122: they stand in URLs, file names and metric labels unescaped.
const resourceId = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** The tenant of `tenants/{tenant}`, or undefined where the text is no such name. */
export function parseTenantName(name: string): TenantId | undefined {
  const [collection, tenant, ...rest] = name.split("/");
  return collection === "tenants" && rest.length === 0 && isResourceId(tenant) ? (tenant as TenantId) : undefined;
}

/** The ids of `tenants/{tenant}/reports/{report}`, or undefined where the text is no such name. */
export function parseReportName(name: string): ReportKey | undefined {
  return parseIds<ReportId>(name, "reports");
}

/** The ids of `tenants/{tenant}/uploads/{upload}`, or undefined where the text is no such name. */
export function parseUploadName(name: string): UploadKey | undefined {
  return parseIds<UploadId>(name, "uploads");
}

/** The ids of `tenants/{tenant}/operations/{report}`, the operation that creates that report. */
export function parseOperationName(name: string): ReportKey | undefined {
  return parseIds<ReportId>(name, "operations");
}

/** The kind of `reportKinds/{kind}`, or undefined where the text is no such name. */
export function parseKindName(name: string): KindName | undefined {
  const [collection, kind, ...rest] = name.split("/");
  return collection === "reportKinds" && rest.length === 0 ? parseKindId(kind) : undefined;
}

/** An id that a client chose for its report, or undefined where it is no resource id, or not free to be chosen. */
export function parseReportId(id: string): ReportId | undefined {
  // Its objects would be where the tenant's uploads are, and go with it.
  if (id === "uploads") return undefined;
  return isResourceId(id) ? (id as ReportId) : undefined;
}

/** A kind's id as its document writes it, or undefined where it cannot stand in a resource name. */
export function parseKindId(id: string | undefined): KindName | undefined {
  return isResourceId(id) ? (id as KindName) : undefined;
}

export function reportName({ tenant, id }: ReportKey): string {
  return `tenants/${tenant}/reports/${id}`;
}

export function uploadName({ tenant, id }: UploadKey): string {
  return `tenants/${tenant}/uploads/${id}`;
}

export function operationName({ tenant, id }: ReportKey): string {
  return `tenants/${tenant}/operations/${id}`;
}

export function kindName(kind: KindName): string {
  return `reportKinds/${kind}`;
}

function parseIds<Id extends string>(
  name: string,
  wanted: string,
): { readonly tenant: TenantId; readonly id: Id } | undefined {
  const [tenants, tenant, collection, id, ...rest] = name.split("/");
  if (tenants !== "tenants" || collection !== wanted || rest.length > 0) return undefined;
  return isResourceId(tenant) && isResourceId(id) ? { tenant: tenant as TenantId, id: id as Id } : undefined;
}

function isResourceId(text: string | undefined): text is string {
  return text !== undefined && resourceId.test(text);
}
