import { create } from "@bufbuild/protobuf";
import { durationMs, EmptySchema } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import type { Operations } from "@weir/proto/google/longrunning/operations_pb.ts";
import type { Handlers } from "@weir/proto/grpc/service.ts";
import { parseOperationName } from "../model/names.ts";
import { hasEnded, type Report } from "../model/report.ts";
import type { Clock } from "../ports/clock.ts";
import type { ReportStore } from "../ports/report-store.ts";
import { CallError, errorInfo, notFound } from "./call-error.ts";
import type { Answering } from "./handlers.ts";
import { operationMessage } from "./operation-message.ts";

export type OperationsParts = {
  readonly clock: Clock;
  readonly reports: ReportStore;
  /** Aborts when this server is about to end: a wait then answers with what is known. */
  readonly leaving: AbortSignal;
  /** Whether this server changes reports. */
  readonly cancels: boolean;
};

/**
 * google.longrunning.Operations for the operations that CreateReport answers with: get, wait, cancel. Listing and
 * deleting are left out, as that API allows; reports are listed by Results.
 */
export function createOperationsService(
  { reports, clock, leaving, cancels }: OperationsParts,
  { unary }: Answering,
): Handlers<typeof Operations> {
  async function find(name: string): Promise<Report> {
    const key = parseOperationName(name);
    const report = key && (await reports.read(key));
    if (!report) throw notFound(name);
    return report;
  }

  return {
    getOperation: unary(async ({ name }) => operationMessage(await find(name))),
    waitOperation: unary(
      async ({ name, timeout }, call) => {
        let report = await find(name);
        if (hasEnded(report)) return operationMessage(report);
        const enough = timeout ? [AbortSignal.timeout(durationMs(timeout))] : [];
        const signal = AbortSignal.any([call.signal, leaving, ...enough]);
        for await (const event of reports.follow(report, report.sequence, signal)) report = event.report;
        return operationMessage(report);
      },
      { waits: true },
    ),
    cancelOperation: unary(async ({ name }) => {
      if (!cancels) throw unsupported("cancel", "a server that serves report.v1.Reports");
      const report = await find(name);
      const message = "its operation was cancelled by a client";
      if (!hasEnded(report)) await reports.change(report, { kind: "cancel", message }, clock.now());
      return create(EmptySchema);
    }),
    listOperations: unary(() => Promise.reject(unsupported("list", "report.v1.Results.ListReports"))),
    deleteOperation: unary(() => Promise.reject(unsupported("delete", "the retention of reports"))),
  };
}

function unsupported(what: string, instead: string): CallError {
  return new CallError(status.UNIMPLEMENTED, `this service does not ${what} operations; see ${instead}`, [
    errorInfo("UNSUPPORTED"),
  ]);
}
