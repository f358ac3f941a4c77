import { setTimeout as delay } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { type CreateReportRequestSchema, CreateReportRequest_Reuse as Reuse } from "@weir/proto/report/v1/report_pb.ts";
import { ReportCallError, type ReportClient, reportNameOf } from "@weir/report-service/src/client.ts";
import type { Entry } from "./entry.ts";
import type { LedgerFile } from "./ledger-file.ts";
import { type Order, orderOf } from "./order.ts";
import { stateName } from "./state-name.ts";

export type Placing = {
  readonly seed: number;
  readonly clients: readonly ReportClient[];
  readonly ledger: LedgerFile;
  /** What was written before this client started. */
  readonly before: readonly Entry[];
  readonly perSecond: number;
  /** Wall-clock times: no new requests after the first, and no more tries after the second. */
  readonly untilMs: number;
  readonly giveUpAtMs: number;
};

const mostInFlight = 64;
const callMs = 3_000;

// These say that nothing was made; all others leave it open.
const refusals: ReadonlySet<status> = new Set([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.PERMISSION_DENIED,
  status.FAILED_PRECONDITION,
  status.RESOURCE_EXHAUSTED,
  status.UNIMPLEMENTED,
]);

/** Sends requests until the time is over, then asks for all that was accepted once more. */
export async function placeOrders(placing: Placing): Promise<void> {
  const { seed, before, perSecond, untilMs, ledger } = placing;
  const intents = new Set(before.flatMap((entry) => (entry.kind === "intent" ? [entry.order] : [])));
  const ended = new Set(before.flatMap((e) => (e.kind === "accepted" || e.kind === "rejected" ? [e.request] : [])));
  const inFlight = new Set<Promise<void>>();
  const accepted = new Set<number>();
  for (const entry of before) if (entry.kind === "accepted") accepted.add(Number(entry.request.split("-")[2]));
  const run = (work: Promise<void>) => {
    const tracked = work.finally(() => inFlight.delete(tracked));
    inFlight.add(tracked);
  };
  const resolve = async (index: number, first: boolean) => {
    if (await placeOne(orderOf(seed, index), placing, first)) accepted.add(index);
  };

  for (const index of intents) if (!ended.has(orderOf(seed, index).request)) run(resolve(index, false));
  let next = Math.max(-1, ...intents) + 1;
  let dueMs = Date.now();
  while (Date.now() < untilMs) {
    dueMs = Math.max(dueMs + 1_000 / perSecond, Date.now() - 1_000);
    await delay(Math.max(0, dueMs - Date.now()));
    while (inFlight.size >= mostInFlight) await Promise.race(inFlight);
    const index = next;
    next += 1;
    await ledger.append({ kind: "intent", request: orderOf(seed, index).request, order: index });
    run(resolve(index, true));
  }
  while (inFlight.size > 0) await Promise.race(inFlight);
  for (const index of accepted) {
    while (inFlight.size >= mostInFlight / 2) await Promise.race(inFlight);
    run(ask(orderOf(seed, index), placing).then(() => undefined));
  }
  await Promise.all(inFlight);
}

/** Answers whether it was accepted. */
async function placeOne(order: Order, placing: Placing, first: boolean): Promise<boolean> {
  const report = await ask(order, placing, first);
  if (report === undefined) return false;
  await followUp(order, report, placing);
  return true;
}

/** Asks until there is an answer, and writes down what came; answers the report's name where it was accepted. */
async function ask(order: Order, placing: Placing, first = false): Promise<string | undefined> {
  const { ledger, giveUpAtMs } = placing;
  const { request } = order;
  // Of a request that may have arrived, only an answer that names its report, or one that says it never can, is the end.
  let mayHaveArrived = !first;
  for (let tries = 0; Date.now() < giveUpAtMs; tries += 1) {
    const client =
      placing.clients[(order.request.length + tries + Math.floor(Math.random() * 8)) % placing.clients.length];
    try {
      const { value } = await (client as ReportClient).createReport(messageOf(order), { timeoutMs: callMs });
      const report = reportNameOf(value);
      await ledger.append({ kind: "accepted", request, report });
      return report;
    } catch (error) {
      const code = codeOf(error);
      if (refusals.has(code) && (!mayHaveArrived || code !== status.RESOURCE_EXHAUSTED)) {
        await ledger.append({ kind: "rejected", request, code: status[code] });
        return undefined;
      }
      if (!refusals.has(code)) {
        mayHaveArrived = true;
        await ledger.append({ kind: "unknown", request, code: status[code] });
      }
      await delay(Math.min(1_000, 50 * 2 ** tries) * (0.5 + Math.random()));
    }
  }
  return undefined;
}

async function followUp(order: Order, report: string, placing: Placing): Promise<void> {
  const { clients, ledger } = placing;
  const { request } = order;
  const client = clients[Math.floor(Math.random() * clients.length)] as ReportClient;
  switch (order.next) {
    case "nothing":
      return;
    case "repeat":
      return void (await ask(order, placing));
    case "watch":
      return watch(client, request, report, placing);
    case "cancel":
      // One that also answers other requests is not this client's to cancel.
      if (order.kind === "shared") return;
      await ledger.append({ kind: "cancelling", request });
      await client.cancelReport({ name: report, reason: "not wanted" }, { timeoutMs: callMs }).catch(() => undefined);
      return;
    case "other-body": {
      const other = messageOf({ ...order, parameters: { ...order.parameters, text: `${request} other` } });
      const became = await client.createReport(other, { timeoutMs: callMs }).then(
        ({ value }) => reportNameOf(value),
        (error: unknown) => status[codeOf(error)],
      );
      return ledger.append({ kind: "other-body", request, became });
    }
  }
}

async function watch(
  client: ReportClient,
  request: string,
  name: string,
  { ledger, giveUpAtMs }: Placing,
): Promise<void> {
  const report = await client
    .waitForEnd(name, { timeoutMs: Math.max(1, Math.min(60_000, giveUpAtMs - Date.now())) })
    .catch(() => undefined);
  if (report) await ledger.append({ kind: "seen", request, state: stateName(report.state) });
}

function messageOf({ request, tenant, kind, parameters }: Order): MessageInitShape<typeof CreateReportRequestSchema> {
  return {
    parent: `tenants/${tenant}`,
    requestId: request,
    reuse: kind === "shared" ? Reuse.ALLOW : Reuse.NEVER,
    report: {
      kind: `reportKinds/${kind === "wrong" ? "quick" : kind}`,
      parameters: { ...parameters },
      labels: { request },
    },
  };
}

function codeOf(error: unknown): status {
  if (error instanceof ReportCallError) return error.code;
  throw error;
}
