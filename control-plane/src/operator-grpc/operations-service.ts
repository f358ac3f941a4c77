import { create } from "@bufbuild/protobuf";
import { durationMs, EmptySchema } from "@bufbuild/protobuf/wkt";
import { ListOperationsResponseSchema, type Operations } from "@weir/proto/google/longrunning/operations_pb.ts";
import type { Handlers } from "@weir/proto/grpc/service.ts";
import { pageOf } from "../operator/page-of.ts";
import { type Answering, invalid } from "./answering.ts";
import type { AskRoutes } from "./ask-routes.ts";
import type { Caller } from "./caller.ts";
import { pageQueryOf } from "./pages.ts";
import { refusedCall } from "./rich-error.ts";
import { operationOf, shiftName } from "./traffic-service.ts";

const longestWaitMs = 300_000;
// The route cannot see that a client of gRPC has gone: it is asked for so long at a time.
const sliceMs = 5_000;

/** google.longrunning.Operations over shifts. */
export function operationsService(
  { ask }: { readonly ask: AskRoutes },
  { unary }: Answering,
): Handlers<typeof Operations> {
  function at(name: string, verb = ""): string {
    if (!/^operations\/[A-Za-z0-9._-]+$/.test(name))
      throw invalid("name", `expected the name of an operation, like operations/shift-7f3a`);
    return `/v1/operations/${shiftName(name)}${verb}`;
  }

  return {
    listOperations: unary(async ({ name, filter, pageSize, pageToken }, caller: Caller) => {
      if (name !== "" && name !== "operations") throw invalid("name", 'expected "operations"');
      const { operations } = (await ask({ method: "GET", path: "/v1/operations" }, caller)) as {
        readonly operations: readonly { readonly name: string }[];
      };
      const { items, ...next } = pageOf(operations, pageQueryOf({ filter, pageSize, pageToken }), {
        keyOf: (shift) => shift.name,
        fieldsOf: (shift) => shift,
      });
      return create(ListOperationsResponseSchema, { operations: items.map(operationOf), ...next });
    }),
    getOperation: unary(async ({ name }, caller) => operationOf(await ask({ method: "GET", path: at(name) }, caller))),
    waitOperation: unary(async ({ name, timeout }, caller, signal) => {
      const ms = timeout === undefined ? longestWaitMs : Math.min(longestWaitMs, Math.max(0, durationMs(timeout)));
      const until = performance.now() + ms;
      for (;;) {
        const left = Math.floor(Math.max(0, Math.min(sliceMs, until - performance.now())));
        const query = { timeout: `${Math.floor(left / 1000)}s${left % 1000}ms` };
        const operation = operationOf(await ask({ method: "POST", path: at(name, ":wait"), query, body: {} }, caller));
        if (operation.done || signal.aborted || performance.now() >= until) return operation;
      }
    }),
    cancelOperation: unary(async ({ name }, caller) => {
      await ask({ method: "POST", path: at(name, ":cancel") }, caller);
      return create(EmptySchema);
    }),
    deleteOperation: unary(async () => {
      const says = "operations are not deleted: of each TrafficSplit the last shift is kept";
      throw refusedCall("UNIMPLEMENTED", "METHOD_NOT_ALLOWED", says);
    }),
  };
}
