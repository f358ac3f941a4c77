import assert from "node:assert/strict";
import type { QueueLimits } from "../../src/model/admission.ts";
import type { ReportChange } from "../../src/model/change-report.ts";
import type { KindName, ReportId, TenantId } from "../../src/model/names.ts";
import { newReport, type Report } from "../../src/model/report.ts";
import { anyReportFilter } from "../../src/model/report-filter.ts";
import type { Claimant } from "../../src/ports/job-queue.ts";
import type {
  Created,
  Creation,
  Cursor,
  ReportEvent,
  ReportPage,
  ReportQuery,
  ReportStore,
  RequestKey,
} from "../../src/ports/report-store.ts";
import type { Stores } from "../../src/ports/stores.ts";

export type Connected = Stores & AsyncDisposable;

/** An empty database of the provider under test; ends with all that was opened in it. */
export type Place = {
  /** One server's connection; several see the same data. */
  connect(): Promise<Connected>;
  /**
   * How another process connects: `module` exports `connect(argument)`, which answers as `connect`. Absent where a
   * provider cannot be used by another process.
   */
  readonly elsewhere?: { readonly module: URL; readonly argument: string };
} & AsyncDisposable;

export type OpenPlace = () => Promise<Place>;

export const never = new AbortController().signal;
export const tenant = "acme" as TenantId;
export const roomy: QueueLimits = { queue: 100_000, tenant: 100_000 };
export const cancel: ReportChange = { kind: "cancel", message: "enough" };
export const request: RequestKey = { id: "r", bodyHash: "h" };

export const claimant: Claimant = {
  ...{ worker: "w", datacenter: "dc-a", cluster: "sql", leaseMs: 1_000 },
  shares: { everyone: { weight: 1, concurrency: 1_000 }, others: new Map() },
};

/** A queued report; what matters to a test is in `facts`. Without a parameter, a sealed store would have nothing to seal. */
export function report(id: string, createdAtMs: number, facts: Partial<Report> = {}): Report {
  const kind = "sales" as KindName;
  return newReport({
    ...{ tenant, id: id as ReportId, kind, createdAtMs },
    ...{ parameters: { region: "north" }, formats: ["csv"], datacenter: "dc-a" },
    ...facts,
  });
}

/** Two servers over one empty database. */
export async function twoServers(open: OpenPlace) {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await open());
  const one = stack.use(await place.connect());
  const two = stack.use(await place.connect());
  const moved = stack.move();
  return { place, one, two, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

/** Creates one report and answers what came of it. */
export async function create(
  reports: ReportStore,
  created: Report,
  more: Omit<Creation, "report"> = {},
  limits: QueueLimits = roomy,
): Promise<Created> {
  const [answer] = await reports.create([{ report: created, ...more }], limits);
  assert.ok(answer);
  return answer;
}

/** Each page of a list, which holds everything unless something else is asked. */
export async function listPages(
  reports: ReportStore,
  asked: Partial<ReportQuery> = {},
): Promise<readonly (readonly Report[])[]> {
  const pages: (readonly Report[])[] = [];
  const query = {
    tenant,
    filter: anyReportFilter,
    order: "newest-first",
    limit: 1_000,
    lookAt: 5_000,
    ...asked,
  } as const;
  for (let after: Cursor | undefined; ; ) {
    const page: ReportPage = await reports.list({ ...query, ...(after && { after }) });
    pages.push(page.reports);
    after = page.next;
    if (!after) return pages;
  }
}

export async function listAll(reports: ReportStore, asked?: Partial<ReportQuery>): Promise<readonly Report[]> {
  return (await listPages(reports, asked)).flat();
}

/** `created a`, `repeated a`, `full`. */
export function inWords(created: Created): string {
  return created.kind === "full" ? "full" : `${created.kind} ${created.report.id}`;
}

/** What a follower sees, to its end: `2 running`. */
export async function collect(events: AsyncIterable<ReportEvent>): Promise<readonly string[]> {
  const seen = [];
  for await (const { sequence, report: seenReport } of events) seen.push(`${sequence} ${seenReport.status.kind}`);
  return seen;
}
