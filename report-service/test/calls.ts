import assert from "node:assert/strict";
import type { Report, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { ReportCallError, type ReportClient, reportNameOf } from "../src/client.ts";

/** Creates a report and answers its name. */
export async function createOne(
  client: ReportClient,
  kind: string,
  parameters = {},
  tenant = "tenants/acme",
  uploads: readonly string[] = [],
): Promise<string> {
  const report = { kind: `reportKinds/${kind}`, parameters, uploads: [...uploads] };
  return reportNameOf((await client.createReport({ parent: tenant, report })).value);
}

/** The report once it is in `state`. */
export async function untilState(client: ReportClient, name: string, state: State): Promise<Report> {
  for await (const { report } of client.watchReport({ name }, { timeoutMs: 30_000 })) {
    if (report?.state === state) return report;
  }
  throw new Error(`${name} ended without being in state ${state}`);
}

/** The error that a call ends in. */
export async function failure(call: Promise<unknown>): Promise<ReportCallError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ReportCallError, `expected a failed call, got ${error}`);
  return error;
}

export async function all<T>(messages: AsyncIterable<T>): Promise<readonly T[]> {
  const list = [];
  for await (const message of messages) list.push(message);
  return list;
}
