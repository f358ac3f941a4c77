import { createBell } from "../lib/bell.ts";
import { type FairShares, passAfter, passOnArrival, prioritiesOf, shareOf } from "../model/fair-queue.ts";
import type { TenantId } from "../model/names.ts";
import type { Priority } from "../model/report.ts";
import type { Delivery } from "./broker.ts";

/** The messages of one worker cluster that this server has, in the order in which they should be worked on. */
export type FairBuffer = {
  /** Returns once there was room for it, or with the signal, not having taken it. */
  add(delivery: Delivery, signal: AbortSignal): Promise<void>;
  /** As `fair-queue` orders priorities and tenants: those that are here. */
  take(most: number, shares: FairShares): readonly Delivery[];
  /** What was taken and could not be worked on goes first again. */
  putBack(deliveries: readonly Delivery[]): void;
  readonly size: number;
  /** Resolves when there is something to take, or with the signal. */
  filled(signal: AbortSignal): Promise<void>;
};

type TenantQueue = { readonly deliveries: Delivery[]; pass: number };
type PriorityQueue = { readonly tenants: Map<TenantId, TenantQueue>; size: number; lastPass: number };

/** `room` is how many messages of each priority it takes: one that floods the broker leaves the others theirs. */
export function createFairBuffer(room: number): FairBuffer {
  const queues: Readonly<Record<Priority, PriorityQueue>> = {
    interactive: emptyQueue(),
    standard: emptyQueue(),
    bulk: emptyQueue(),
  };
  // Whoever waits for room or for messages looks again at every change.
  const changed = createBell();
  let turn = 0;

  function push(delivery: Delivery, place: "first" | "last"): void {
    const { tenant, priority } = delivery.waiting;
    const queue = queues[priority];
    const own = queue.tenants.get(tenant) ?? { deliveries: [], pass: passOnArrival(queue.lastPass) };
    queue.tenants.set(tenant, own);
    if (place === "first") own.deliveries.unshift(delivery);
    else own.deliveries.push(delivery);
    queue.size += 1;
  }

  function takeOne(shares: FairShares): Delivery | undefined {
    for (const priority of prioritiesOf(turn)) {
      const queue = queues[priority];
      const next = nextTenant(queue);
      const delivery = next?.own.deliveries.shift();
      if (!next || !delivery) continue;
      turn += 1;
      queue.size -= 1;
      queue.lastPass = next.own.pass;
      next.own.pass = passAfter(next.own.pass, shareOf(shares, next.tenant));
      if (next.own.deliveries.length === 0) queue.tenants.delete(next.tenant);
      return delivery;
    }
    return undefined;
  }

  const size = () => Object.values(queues).reduce((sum, queue) => sum + queue.size, 0);

  return {
    get size() {
      return size();
    },
    async add(delivery, signal) {
      while (queues[delivery.waiting.priority].size >= room && !signal.aborted) {
        await changed.rung(signal);
      }
      if (signal.aborted) return;
      push(delivery, "last");
      changed.ring();
    },
    take(most, shares) {
      const taken: Delivery[] = [];
      while (taken.length < most) {
        const delivery = takeOne(shares);
        if (!delivery) break;
        taken.push(delivery);
      }
      if (taken.length > 0) changed.ring();
      return taken;
    },
    putBack(deliveries) {
      for (const delivery of deliveries.toReversed()) push(delivery, "first");
      changed.ring();
    },
    async filled(signal) {
      while (size() === 0 && !signal.aborted) await changed.rung(signal);
    },
  };
}

function emptyQueue(): PriorityQueue {
  return { tenants: new Map(), size: 0, lastPass: 0 };
}

function nextTenant({ tenants }: PriorityQueue): { readonly tenant: TenantId; readonly own: TenantQueue } | undefined {
  let next: { readonly tenant: TenantId; readonly own: TenantQueue } | undefined;
  for (const [tenant, own] of tenants) if (!next || own.pass < next.own.pass) next = { tenant, own };
  return next;
}
