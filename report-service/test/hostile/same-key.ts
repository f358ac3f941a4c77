import type { ReportClient } from "../../src/client.ts";
import { type Aftermath, type Order, storm } from "./storm.ts";

const parent = "tenants/acme";
const kind = "reportKinds/reused";

/** What makes creates the same, and what is to become of them. */
export type SameKey = {
  readonly title: string;
  readonly order: (index: number) => Order;
  /** What all but one of them get; the same report where absent. */
  readonly error?: RegExp;
};

/** `run` sets the creates of one run apart from those of another. */
export function sameKeys(run: string): readonly SameKey[] {
  return [
    {
      title: "one request id",
      order: () => ({
        parent,
        requestId: `same-${run}`,
        report: { kind: "reportKinds/wide", parameters: { rows: 1 } },
      }),
    },
    {
      title: "one content",
      order: () => ({ parent, report: { kind, parameters: { text: run } } }),
    },
    {
      title: "one content, each with a request id of its own",
      order: (index) => ({
        parent,
        requestId: `${run}-${index}`,
        report: { kind, parameters: { text: `ids ${run}` } },
      }),
    },
    {
      title: "one report id",
      order: () => ({ parent, reportId: `same-${run}`, report: { kind, parameters: { text: `id ${run}` } } }),
      error: /REPORT_EXISTS|there is tenants\/acme\/reports\/same-/,
    },
  ];
}

/** A fifth of the creates as single calls, and the rest in batches of 500. */
export async function stormOf(client: ReportClient, { order }: SameKey, creates: number): Promise<Aftermath> {
  const alone = Math.ceil(creates / 5);
  const single = await storm(client, parent, { order, creates: alone, perCall: 1, callsAtOnce: 200 });
  const later = (index: number) => order(index + alone);
  const batch = await storm(client, parent, { order: later, creates: creates - alone, perCall: 500, callsAtOnce: 8 });
  const errors = new Map(single.errors);
  for (const [error, count] of batch.errors) errors.set(error, (errors.get(error) ?? 0) + count);
  return {
    reports: single.reports.union(batch.reports),
    errors,
    answered: single.answered + batch.answered,
  };
}
