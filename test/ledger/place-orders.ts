import { setTimeout as delay } from "node:timers/promises";
import { ask, askBatch } from "./ask.ts";
import type { Entry } from "./entry.ts";
import { followUp, retry } from "./follow-up.ts";
import { blockSize, type Order, orderOf } from "./order.ts";
import type { Placing } from "./placing.ts";

const mostInFlight = 64;

/** Sends requests until the time is over, then asks for all that was accepted once more. */
export async function placeOrders(placing: Placing): Promise<void> {
  const { seed, before, perSecond, untilMs, ledger } = placing;
  const orderAt = (index: number) => orderOf(seed, index);
  const intents = new Set(before.flatMap((entry) => (entry.kind === "intent" ? [entry.order] : [])));
  const requestsOf = (kind: Entry["kind"]) => new Set(before.flatMap((e) => (e.kind === kind ? [e.request] : [])));
  const [acceptedBefore, rejectedBefore] = [requestsOf("accepted"), requestsOf("rejected")];
  const inFlight = new Set<Promise<void>>();
  const accepted = new Map<string, Order>();
  const run = (work: Promise<void>) => {
    const tracked = work.finally(() => inFlight.delete(tracked));
    inFlight.add(tracked);
  };
  const took = async (order: Order, report: string | undefined) => {
    if (report === undefined) return;
    accepted.set(order.request, order);
    await followUp(order, report, placing);
  };
  const placeOne = async (order: Order, first: boolean) => took(order, await ask(order, placing, first));
  const placeBatch = async (orders: readonly Order[]) => {
    const reports = await askBatch(orders, placing);
    await Promise.all(orders.map((order) => took(order, reports.get(order.request))));
  };

  // What the client before this one had begun.
  for (const index of intents) {
    const order = orderAt(index);
    if (acceptedBefore.has(order.request)) accepted.set(order.request, order);
    else if (!rejectedBefore.has(order.request)) run(placeOne(order, false));
  }
  for (const [request, report] of openRetries(placing)) run(retry(request, report, placing));

  let next = Math.max(-1, ...intents) + 1;
  let dueMs = Date.now();
  while (Date.now() < untilMs) {
    const orders = ordersFrom(next, orderAt);
    dueMs = Math.max(dueMs + (orders.length * 1_000) / perSecond, Date.now() - 1_000);
    await delay(Math.max(0, dueMs - Date.now()));
    while (inFlight.size >= mostInFlight) await Promise.race(inFlight);
    const intended = orders.map(({ request }, at) => ledger.append({ kind: "intent", request, order: next + at }));
    await Promise.all(intended);
    next += orders.length;
    const [only, ...others] = orders;
    if (only) run(others.length > 0 ? placeBatch(orders) : placeOne(only, true));
  }
  while (inFlight.size > 0) await Promise.race(inFlight);
  for (const order of accepted.values()) {
    while (inFlight.size >= mostInFlight / 2) await Promise.race(inFlight);
    run(ask(order, placing).then(() => undefined));
  }
  await Promise.all(inFlight);
}

/** The order with this number; all of its block where those are a batch, unless a part of it was sent before. */
function ordersFrom(index: number, orderAt: (index: number) => Order): readonly Order[] {
  const first = orderAt(index);
  if (first.batch === "alone" || index % blockSize !== 0) return [first];
  return Array.from({ length: blockSize }, (_, at) => orderAt(index + at));
}

/** Reports that are to be retried, by request, and of which nobody knows yet whether they were. */
function openRetries({ before }: Placing): ReadonlyMap<string, string> {
  const open = new Map<string, string>();
  for (const entry of before) {
    if (entry.kind === "retrying") open.set(entry.request, "");
    if (entry.kind === "retried") open.delete(entry.request);
  }
  for (const entry of before)
    if (entry.kind === "accepted" && open.has(entry.request)) open.set(entry.request, entry.report);
  return open;
}
