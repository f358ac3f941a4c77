import type { QueueLimits } from "@weir/report-service/src/model/admission.ts";
import type { KindName, ReportId, ReportKey, TenantId } from "@weir/report-service/src/model/names.ts";
import { newReport, type Report } from "@weir/report-service/src/model/report.ts";
import { anyReportFilter } from "@weir/report-service/src/model/report-filter.ts";
import type { Claimant } from "@weir/report-service/src/ports/job-queue.ts";
import type { ResultsQueue } from "@weir/report-service/src/ports/results-queue.ts";
import type { Stores } from "@weir/report-service/src/ports/stores.ts";

const roomy: QueueLimits = { queue: 10_000_000, tenant: 10_000_000 };
const batch = 500;
// As the cleaner does it.
const cleanedAtOnce = 100;
const claimant: Claimant = {
  ...{ worker: "grower", datacenter: "dc-a", cluster: "sql", leaseMs: 3_600_000 },
  shares: { everyone: { weight: 1, concurrency: 10_000_000 }, others: new Map() },
};

/** Milliseconds of CPU for one call, by what it does; the median of many. */
export type Timings = Readonly<Record<string, number>>;

function reportOf(id: string, tenants: number, index: number, createdAtMs: number): Report {
  return newReport({
    tenant: `tenant-${index % tenants}` as TenantId,
    id: `dc-a-${id}-${index}` as ReportId,
    kind: "sales-by-region" as KindName,
    parameters: { from: "2026-01-01", to: "2026-02-01", region: "eu", number: index },
    formats: ["csv"],
    labels: { team: index % 1_000 === 0 ? "rare" : "common" },
    datacenter: "dc-a",
    retentionMs: 86_400_000,
    contentKey: `content-${id}-${index}`,
    createdAtMs,
  });
}

/** Queues so many reports of so many tenants, created a millisecond apart. */
export async function queueReports(
  { reports }: Stores,
  id: string,
  from: number,
  to: number,
  tenants: number,
): Promise<void> {
  const startMs = Date.now() - to;
  for (let first = from; first < to; first += batch) {
    const count = Math.min(batch, to - first);
    const some = Array.from({ length: count }, (_, index) =>
      reportOf(id, tenants, first + index, startMs + first + index),
    );
    await reports.create(
      some.map((report) => ({ report, request: { id: String(report.id), bodyHash: "hash" } })),
      roomy,
    );
  }
}

/** Makes succeeded reports of all that are queued; their results go through a queue of results, where one is given. */
export async function endQueued({ reports, queue }: Stores, results?: ResultsQueue): Promise<void> {
  const never = new AbortController().signal;
  for (;;) {
    const claimed = await queue.claim(claimant, batch, Date.now());
    if (claimed.length === 0) return;
    const ended = claimed.map(({ tenant, id, attempts }) => ({
      key: { tenant, id },
      change: { kind: "succeed", attempt: attempts.length, artifacts: [artifactOf({ tenant, id })] } as const,
    }));
    if (!results) {
      await reports.changeAll(ended, Date.now());
      continue;
    }
    await Promise.all(ended.map((result) => results.put(result, never)));
    for (let left = ended.length; left > 0; ) {
      const taken = await results.take(batch, never);
      await reports.changeAll(taken.results, Date.now());
      await taken.done();
      left -= taken.results.length;
    }
  }
}

function artifactOf({ tenant, id }: ReportKey) {
  return {
    format: "csv",
    key: `${tenant}/${id}/1/report.csv`,
    sizeBytes: 100,
    rows: 3,
    sha256: "ab".repeat(32),
  } as const;
}

/** What creating, claiming with finishing, and counting take beside what is queued; the depth stays as it is. */
export async function timeQueue(
  { reports, queue }: Stores,
  id: string,
  tenants: number,
  times: number,
): Promise<Timings> {
  const create: number[] = [];
  const work: number[] = [];
  const length: number[] = [];
  for (let index = 0; index < times; index += 1) {
    const report = reportOf(`${id}-timed`, tenants, index, Date.now());
    create.push(
      await timed(() => reports.create([{ report, request: { id: String(report.id), bodyHash: "hash" } }], roomy)),
    );
    work.push(
      await timed(async () => {
        const [claimed] = await queue.claim(claimant, 1, Date.now());
        if (!claimed) throw new Error("nothing to claim in a queue that was filled");
        await reports.change(claimed, { kind: "succeed", attempt: claimed.attempts.length, artifacts: [] }, Date.now());
      }),
    );
    length.push(await timed(() => queue.length("sql")));
  }
  return { create: median(create), "claim and finish": median(work), "count the queue": median(length) };
}

/** What reading takes beside so many ended reports. */
export async function timeReads(
  { reports }: Stores,
  id: string,
  rows: number,
  tenants: number,
  times: number,
): Promise<Timings> {
  const read: number[] = [];
  const list: number[] = [];
  const reuse: number[] = [];
  for (let index = 0; index < times; index += 1) {
    const at = (index * 7_919) % rows;
    const known = reportOf(id, tenants, at, 0);
    read.push(await timed(() => reports.read(known)));
    list.push(
      await timed(() =>
        reports.list({ tenant: known.tenant, filter: anyReportFilter, order: "newest-first", limit: 20 }),
      ),
    );
    const same = { ...known, id: `dc-a-other-${index}` as ReportId };
    reuse.push(await timed(() => reports.create([{ report: same, reuseSinceMs: 0 }], roomy)));
  }
  return { read: median(read), "list 20": median(list), "create, answered by an identical one": median(reuse) };
}

/** What a cleaner takes to look, and then for each thing that it clears, of all that is due. */
export async function timeCleaning({ cleanUp }: Stores): Promise<Timings> {
  const laterMs = Date.now() + 10 * 86_400_000;
  const look = await timed(() => cleanUp.due("expired", laterMs, cleanedAtOnce));
  return { "look what is due": look, expire: await clearAll("expired"), forget: await clearAll("forgotten") };

  async function clearAll(chore: "expired" | "forgotten"): Promise<number> {
    let cleared = 0;
    const all = await timed(async () => {
      for (;;) {
        const some = await cleanUp.clear(chore, laterMs, cleanedAtOnce);
        if (some.length === 0) return;
        cleared += some.length;
      }
    });
    return all / cleared;
  }
}

// CPU and not the clock: what else is done on the machine, and by its disk, is not what grows with the store.
async function timed(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
