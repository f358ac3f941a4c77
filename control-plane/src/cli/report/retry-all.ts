import { type Report, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { ReportCallError } from "@weir/report-service/src/client.ts";
import type { ReportService } from "./report-service.ts";

const pageSize = 500;
const atOnce = 8;
const retryable: ReadonlySet<State> = new Set([State.FAILED, State.CANCELLED, State.EXPIRED]);

export type Retried = {
  readonly report: Report;
  /** Why it is not made once more. */
  readonly refused: ReportCallError | undefined;
};

/** The tenant's reports that a filter finds, of those that can be made once more, oldest first: they have waited longest. */
export async function findRetryable({ client, tenant }: ReportService, filter: string): Promise<readonly Report[]> {
  const found: Report[] = [];
  const request = { parent: tenant, filter, pageSize, orderBy: "create_time" };
  for await (const report of client.eachReport(request)) if (retryable.has(report.state)) found.push(report);
  return found;
}

/** Queues them again, a few at a time; those that are refused keep back no other. */
export async function retryAll({ client }: ReportService, reports: readonly Report[]): Promise<readonly Retried[]> {
  const retried: Retried[] = [];
  const left = reports.values();
  const work = async () => {
    for (const report of left) {
      const refused = await client.retryReport({ name: report.name, requestId: crypto.randomUUID() }).then(
        () => undefined,
        (error: unknown) => {
          if (error instanceof ReportCallError) return error;
          throw error;
        },
      );
      retried.push({ report, refused });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return retried;
}
