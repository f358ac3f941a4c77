import type { QueueLimits } from "@weir/report-service/src/model/admission.ts";
import type { ReportId } from "@weir/report-service/src/model/names.ts";
import { anyReportFilter } from "@weir/report-service/src/model/report-filter.ts";
import type { ResultsQueue } from "@weir/report-service/src/ports/results-queue.ts";
import type { Stores } from "@weir/report-service/src/ports/stores.ts";
import { artifactOf, claimant, reportOf } from "./made-reports.ts";
import type { Meter } from "./meter.ts";

const roomy: QueueLimits = { queue: 10_000_000, tenant: 10_000_000 };
const batch = 500;
// As the cleaner does it.
const cleanedAtOnce = 100;

/** Milliseconds for one call, by what it does: of CPU, where nothing else is said. */
export type Timings = Readonly<Record<string, number>>;

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

/** What creating, claiming with finishing, and counting take beside what is queued; the depth is the same in the end. */
export async function timeQueue(
  { reports, queue }: Stores,
  meter: Meter,
  id: string,
  tenants: number,
  times: number,
): Promise<Timings> {
  const create = await meter.each(times, async (index) => {
    const report = reportOf(`${id}-timed`, tenants, index, Date.now());
    await reports.create([{ report, request: { id: String(report.id), bodyHash: "hash" } }], roomy);
  });
  const work = await meter.each(times, async () => {
    const [claimed] = await queue.claim(claimant, 1, Date.now());
    if (!claimed) throw new Error("nothing to claim in a queue that was filled");
    await reports.change(claimed, { kind: "succeed", attempt: claimed.attempts.length, artifacts: [] }, Date.now());
  });
  const length = await meter.each(times, () => queue.length("sql"));
  return { create, "claim and finish": work, "count the queue": length };
}

/** What reading takes beside so many ended reports. */
export async function timeReads(
  { reports }: Stores,
  meter: Meter,
  id: string,
  rows: number,
  tenants: number,
  times: number,
): Promise<Timings> {
  const known = (index: number) => reportOf(id, tenants, (index * 7_919) % rows, 0);
  const read = await meter.each(times, async (index) => {
    if (!(await reports.read(known(index)))) throw new Error("a report that was filled in is not there");
  });
  const list = await meter.each(times, async (index) => {
    const { tenant } = known(index);
    const found = await reports.list({ tenant, filter: anyReportFilter, order: "newest-first", limit: 20, lookAt: 20 });
    if (found.reports.length === 0) throw new Error(`no report of ${tenant} is listed`);
  });
  const reuse = await meter.each(times, async (index) => {
    const report = { ...known(index), id: `dc-a-other-${index}` as ReportId };
    const [answer] = await reports.create([{ report, reuseSinceMs: 0 }], roomy);
    if (answer?.kind !== "reused") throw new Error(`an identical report was ${answer?.kind}, not reused`);
  });
  return { read, "list 20": list, "create, answered by an identical one": reuse };
}

/** What a cleaner takes to look, and then for each thing that it clears, of all that is due. */
export async function timeCleaning({ cleanUp }: Stores, meter: Meter, times: number): Promise<Timings> {
  const laterMs = Date.now() + 10 * 86_400_000;
  const look = await meter.each(times, () => cleanUp.due("expired", laterMs, cleanedAtOnce));
  return {
    "look what is due": look,
    ...(await clearAll("expired", "expire")),
    ...(await clearAll("forgotten", "forget")),
  };

  async function clearAll(chore: "expired" | "forgotten", name: string): Promise<Timings> {
    let cleared = 0;
    const startMs = performance.now();
    const spent = await meter.all(async () => {
      for (;;) {
        const some = await cleanUp.clear(chore, laterMs, cleanedAtOnce);
        if (some.length === 0) return;
        cleared += some.length;
      }
    });
    return { [name]: spent / cleared, [`${name}, by the clock`]: (performance.now() - startMs) / cleared };
  }
}
