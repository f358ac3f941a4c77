import { setTimeout as delay } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { reportNameOf } from "@weir/report-service/src/client.ts";
import { codeOf } from "./code-of.ts";
import { messageOf } from "./message-of.ts";
import type { Order } from "./order.ts";
import { anyClient, callMs, type Placing, pauseMs } from "./placing.ts";
import { sendInput } from "./send-input.ts";

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

/** Asks until there is an answer, and writes down what came; answers the report's name where it was accepted. */
export async function ask(order: Order, placing: Placing, first = false): Promise<string | undefined> {
  const { ledger, giveUpAtMs } = placing;
  const { request } = order;
  if (!(await sendInput(order, placing))) return undefined;
  // Of a request that may have arrived, only an answer that names its report, or one that says it never can, is the end.
  let mayHaveArrived = !first;
  for (let tries = 0; Date.now() < giveUpAtMs; tries += 1) {
    try {
      const { value } = await anyClient(placing).createReport(messageOf(order, placing), { timeoutMs: callMs });
      const report = reportNameOf(value);
      await ledger.append({ kind: "accepted", request, report });
      return report;
    } catch (error) {
      const code = codeOf(error);
      if (isLastWord(code, mayHaveArrived)) {
        await ledger.append({ kind: "rejected", request, code: status[code] });
        return undefined;
      }
      if (!refusals.has(code)) {
        mayHaveArrived = true;
        await ledger.append({ kind: "unknown", request, code: status[code] });
      }
      await delay(pauseMs(tries));
    }
  }
  return undefined;
}

const mostBatches = 3;

/**
 * Sends orders in one batch, `twice`: and then, whatever came, the same once more. Answers the reports' names by their
 * requests. What a batch leaves open is asked for alone.
 */
export async function askBatch(orders: readonly Order[], placing: Placing): Promise<ReadonlyMap<string, string>> {
  const { ledger } = placing;
  const ready = await Promise.all(orders.map((order) => sendInput(order, placing)));
  const sent = orders.filter((_, at) => ready[at]);
  const requests = sent.map((order) => messageOf(order, placing));
  const parent = `tenants/${orders[0]?.tenant}`;
  const accepted = new Map<string, string>();
  // Of a batch that is sent twice the second answer counts: there may be room by then, or none that is known of.
  const rejected = new Map<string, status>();
  const mayHaveArrived = new Set<string>();
  const unknown = async ({ request }: Order, code: status) => {
    mayHaveArrived.add(request);
    rejected.delete(request);
    await ledger.append({ kind: "unknown", request, code: status[code] });
  };

  async function send(): Promise<boolean> {
    try {
      const { value } = await anyClient(placing).batchCreateReports({ parent, requests }, { timeoutMs: callMs });
      const { operations, failedRequests } = value;
      await Promise.all(sent.map((order, at) => took(order, operations[at], failedRequests[at]?.code)));
      return true;
    } catch (error) {
      const code = codeOf(error);
      if (!refusals.has(code)) await Promise.all(sent.map((order) => unknown(order, code)));
      return false;
    }
  }

  async function took(
    order: Order,
    operation: Parameters<typeof reportNameOf>[0] | undefined,
    code: status | undefined,
  ): Promise<void> {
    const { request } = order;
    if (code === undefined && operation) {
      const report = reportNameOf(operation);
      accepted.set(request, report);
      rejected.delete(request);
      return ledger.append({ kind: "accepted", request, report });
    }
    const failed = code ?? status.UNKNOWN;
    if (!refusals.has(failed)) return unknown(order, failed);
    if (isLastWord(failed, mayHaveArrived.has(request) || accepted.has(request))) rejected.set(request, failed);
  }

  for (let tries = 0; tries < mostBatches && !(await send()); tries += 1) await delay(pauseMs(tries));
  if (orders[0]?.batch === "twice") await send();
  for (const [request, code] of rejected) await ledger.append({ kind: "rejected", request, code: status[code] });
  const open = sent.filter(({ request }) => !accepted.has(request) && !rejected.has(request));
  for (const order of open) {
    const report = await ask(order, placing);
    if (report !== undefined) accepted.set(order.request, report);
  }
  return accepted;
}

/** That there are too many says nothing of an earlier try, which may have been taken. */
function isLastWord(code: status, mayHaveArrived: boolean): boolean {
  return refusals.has(code) && (!mayHaveArrived || code !== status.RESOURCE_EXHAUSTED);
}
