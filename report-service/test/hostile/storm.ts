import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CreateReportRequestSchema } from "@weir/proto/report/v1/report_pb.ts";
import { ReportCallError, type ReportClient, reportNameOf } from "../../src/client.ts";

export type Order = MessageInitShape<typeof CreateReportRequestSchema>;

export type Storm = {
  readonly order: (index: number) => Order;
  readonly creates: number;
  /** More than one are sent as a batch. */
  readonly perCall: number;
  readonly callsAtOnce: number;
};

export type Aftermath = {
  /** The reports that the creates were answered with. */
  readonly reports: ReadonlySet<string>;
  /** How many got each of these errors. */
  readonly errors: ReadonlyMap<string, number>;
  readonly answered: number;
};

/** Sends so many creates, so many of them at once, and tells what came of it. */
export async function storm(client: ReportClient, parent: string, storm: Storm): Promise<Aftermath> {
  const { order, creates, perCall, callsAtOnce } = storm;
  const reports = new Set<string>();
  const errors = new Map<string, number>();
  let [next, answered] = [0, 0];
  const fail = (what: string) => errors.set(what, (errors.get(what) ?? 0) + 1);

  async function callAgain(): Promise<void> {
    while (next < creates) {
      const from = next;
      next = Math.min(creates, next + perCall);
      const orders = Array.from({ length: next - from }, (_, index) => order(from + index));
      answered += orders.length;
      await (perCall === 1 ? one(orders[0] ?? {}) : batch(orders));
    }
  }

  async function one(single: Order): Promise<void> {
    try {
      reports.add(reportNameOf((await client.createReport(single, { timeoutMs: 60_000 })).value));
    } catch (error) {
      if (!(error instanceof ReportCallError)) throw error;
      fail(error.reason ?? error.message);
    }
  }

  async function batch(orders: readonly Order[]): Promise<void> {
    const { value } = await client.batchCreateReports({ parent, requests: [...orders] }, { timeoutMs: 60_000 });
    for (const [index, operation] of value.operations.entries()) {
      if (value.failedRequests[index]) fail(value.failedRequests[index].message);
      else reports.add(reportNameOf(operation));
    }
  }

  await Promise.all(Array.from({ length: callsAtOnce }, callAgain));
  return { reports, errors, answered };
}
