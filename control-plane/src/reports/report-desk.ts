import { Format, type Report, type ReportEvent, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { ReportCallError, type ReportClient, reportNameOf } from "@weir/report-service/src/client.ts";
import { type ReportDesk, ReportDeskError, type ReportState } from "../operator/report-desk.ts";
import type { ToldReport } from "../operator/report-shapes.ts";
import { createReportServers, deskError, type ReportAccess } from "./report-servers.ts";
import { timelineOf } from "./timeline.ts";
import { toldQueues } from "./told-queues.ts";
import { toldReport } from "./told-report.ts";

export type ReportDeskParts = ReportAccess & {
  /** Where its servers are now; asked before each call. */
  readonly addresses: () => readonly string[];
  /** In words, for messages: `service report`. */
  readonly where: string;
  readonly tenant: string;
  readonly service: string;
};

// People wait for this; several servers may be asked one after the other.
const timeoutMs = 2_000;
// A page of the service may be short where a filter passes over many; after so long one is short here as well.
const fillWithinMs = 1_000;
// Events are there already: what takes longer does not come.
const eventsWithinMs = 1_000;
const mostEvents = 1_000;

/** The report service behind the operator API, through whichever of its servers answers. */
export function createReportDesk({
  addresses,
  where,
  tenant: usual,
  service,
  ...access
}: ReportDeskParts): ReportDesk & Disposable {
  const servers = createReportServers(addresses, access, where);
  const nameOf = (tenant: string, id: string) => `tenants/${tenant}/reports/${id}`;

  async function read(client: ReportClient, name: string): Promise<Report> {
    return (await client.getReport(name, { timeoutMs })).value;
  }

  return {
    tenant: usual,
    service,
    async list({ tenant, states, kind, pageSize, pageToken }) {
      const list = { parent: `tenants/${tenant}`, filter: filterOf(states, kind) };
      const untilMs = performance.now() + fillWithinMs;
      return servers.any(async (client) => {
        const reports: ToldReport[] = [];
        let next = pageToken;
        do {
          const request = { ...list, pageSize: pageSize - reports.length, pageToken: next };
          const { value } = await client.listReports(request, { timeoutMs });
          reports.push(...value.reports.map(toldReport));
          next = value.nextPageToken;
        } while (next !== "" && reports.length < pageSize && performance.now() < untilMs);
        return { reports, nextPageToken: next };
      });
    },
    async get(tenant, id) {
      const name = nameOf(tenant, id);
      return servers.any(async (client) => {
        const report = await read(client, name);
        const events = await eventsOf(client, report);
        const parameters: Readonly<Record<string, unknown>> = report.parameters ?? {};
        return {
          ...toldReport(report),
          ...{ parameters: { ...parameters }, labels: { ...report.labels } },
          timeline: [...timelineOf(report.createTime, events)],
        };
      });
    },
    async cancel(tenant, id, { reason, etag }) {
      const name = nameOf(tenant, id);
      const { value } = await servers.any((client) => client.cancelReport({ name, reason, etag }, { timeoutMs }));
      return toldReport(value);
    },
    async retry(tenant, id, requestId) {
      const name = nameOf(tenant, id);
      return servers.any(async (client) => {
        const { value } = await client.retryReport({ name, requestId }, { timeoutMs });
        return toldReport(await read(client, reportNameOf(value)));
      });
    },
    async download(tenant, id, format, signal) {
      const name = nameOf(tenant, id);
      return servers.any(async (client) => {
        const wanted = Format[format];
        const chunks = client.streamReport({ name, format: wanted }, { signal });
        // The first chunk tells whether there is anything; what was asked for and is not there is no file.
        const first = await chunks.next();
        const artifact = (await read(client, name)).artifacts.find((each) => each.format === wanted);
        if (first.done || artifact === undefined)
          throw new ReportDeskError("not-now", `${name} has no ${format}`, { reason: "NO_SUCH_FORMAT" });
        const { data } = first.value;
        return {
          fileName: `${id}.${format.toLowerCase()}`,
          mediaType: artifact.mediaType,
          sizeBytes: Number(artifact.sizeBytes),
          bytes: (async function* () {
            yield data;
            for await (const chunk of chunks) yield chunk.data;
          })(),
        };
      });
    },
    async queues() {
      const { told, silent } = await servers.each((client) => client.listQueues({ timeoutMs }));
      const answers = told.map(({ value, by }) => ({
        server: by.server,
        datacenter: by.locality.split("/")[0] ?? "",
        queues: value.queues,
      }));
      return {
        queues: [...toldQueues(answers)],
        servers: answers.map(({ server }) => server).sort(),
        silent: [...silent],
      };
    },
    [Symbol.dispose]: () => servers[Symbol.dispose](),
  };
}

function filterOf(states: readonly ReportState[], kind: string | undefined): string {
  const conditions = [
    ...(states.length === 0 ? [] : [`(${states.map((state) => `state = ${state}`).join(" OR ")})`]),
    ...(kind === undefined ? [] : [`kind = "reportKinds/${kind}"`]),
  ];
  return conditions.join(" AND ");
}

type Told = Pick<ReportEvent, "time" | "report">;

/** What was seen of it since it was created, up to now; only how it is now, where that cannot be had. */
async function eventsOf(client: ReportClient, report: Report): Promise<readonly Told[]> {
  const { name, attempts, state } = report;
  if (state === State.QUEUED && attempts.length === 0) return [];
  const events: Told[] = [];
  const newest = Number(report.etag.replaceAll('"', ""));
  try {
    const call = { timeoutMs: eventsWithinMs, signal: AbortSignal.timeout(eventsWithinMs) };
    for await (const event of client.watchReport({ name, afterSequence: 1n }, call)) {
      events.push(event);
      if (Number(event.sequence) >= newest || events.length >= mostEvents) break;
    }
  } catch (cause) {
    if (!(cause instanceof ReportCallError)) throw cause;
    const { why } = deskError(cause);
    if (why !== "unreachable" && why !== "too-much") throw cause;
  }
  const time = report.endTime ?? report.startTime;
  return events.length > 0 || time === undefined ? events : [{ time, report }];
}
