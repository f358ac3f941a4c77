import { reportDocuments } from "../../kit/report-documents.ts";
import { startEdge } from "../../kit/three-data-centers.ts";
import { startWeir } from "../../kit/weir.ts";

/** An Envoy that a control plane leads to the service. */
export type Edge = {
  /** Where it takes calls with the authority `report`. */
  readonly target: string;
  readonly envoyPid: number;
  readonly weirPid: number;
  /** How many connections Envoy has to the service. */
  connections(): Promise<number>;
} & AsyncDisposable;

/**
 * Starts Weir with the documents of docs/report-service/roles.md, a ring hash on `x-report-id` among them, and an Envoy
 * with one worker thread that knows nothing but what Weir tells it, in front of the server at `address`.
 */
export async function startEdgeBefore(address: string): Promise<Edge> {
  await using starting = new AsyncDisposableStack();
  const endpoints = `[{static: [{address: "${address}", locality: dc-a/z1}]}]`;
  const weir = starting.use(await startWeir({ documents: { "report.yaml": reportDocuments(endpoints) } }));
  const envoy = starting.use(await startEdge(weir));
  await envoy.ready();
  const target = await envoy.listener("edge");
  const dump = JSON.stringify(await envoy.configDump());
  // What is measured is what the page says.
  if (!dump.includes('"x-report-id"')) throw new Error("Weir told Envoy nothing of a ring hash on x-report-id");
  if (dump.includes('"access_log"'))
    throw new Error("Weir told Envoy to write access logs, which are none of the calls' cost");
  const started = starting.move();
  return {
    target,
    envoyPid: envoy.process.pid,
    weirPid: weir.process().pid,
    async connections() {
      const open = await envoy.stats("^cluster\\.report.*\\.upstream_cx_active$");
      return [...open.values()].reduce((all, count) => all + count, 0);
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}
