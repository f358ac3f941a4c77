import { setTimeout as delay } from "node:timers/promises";
import type { Priority, Report, WorkerCluster } from "../model/report.ts";
import type { Backlog, Claimant, JobQueue } from "../ports/job-queue.ts";
import type { HasOutbox, Lane } from "../ports/outbox.ts";
import type { Stores } from "../ports/stores.ts";
import type { Broker } from "./broker.ts";
import type { BrokerNote } from "./broker-note.ts";
import { createFairBuffer, type FairBuffer } from "./fair-buffer.ts";
import { startRelay } from "./relay.ts";

const priorities: readonly Priority[] = ["interactive", "standard", "bulk"];
/** Messages of each priority that a server has in hand: enough for workers not to wait, few enough to leave to others. */
const room = 32;
const pauseAfterFailureMs = 1_000;
const longestWaitMs = 60_000;
const patienceAtEndMs = 2_000;

/** How often a server looks into the store itself: after a look in vain while it has no messages, and at all events. */
export type Looks = { readonly idleMs: number; readonly busyMs: number };
const usualLooks: Looks = { idleMs: 500, busyMs: 5_000 };

export type BrokerQueue = JobQueue & { backlog(): Promise<Backlog> } & AsyncDisposable;

/**
 * A queue whose messages go through a broker, while the store decides: a message is a hint that a report waits, and is
 * done only once the claim of that report was committed, or came to nothing. What no message leads to is found by looking
 * into the store now and then: reports that lost their worker, that were put off because their tenant runs as many as it
 * may, or whose message is with a busy server, or lost.
 */
export async function createBrokerQueue(
  stores: Pick<Stores, "queue" | "clock"> & HasOutbox,
  broker: Broker,
  observe: (note: BrokerNote) => void,
  looks: Looks = usualLooks,
): Promise<BrokerQueue> {
  const outbox = await stores.openOutbox();
  const closing = new AbortController();
  const receivers: Promise<void>[] = [];
  const clusters = new Map<WorkerCluster, ClusterState>();
  const { running } = stores.queue;
  const relay = startRelay(outbox, (messages) => broker.publish(messages), stores.clock, observe);

  function stateOf(cluster: WorkerCluster): ClusterState {
    const known = clusters.get(cluster);
    if (known) return known;
    const state = { buffer: createFairBuffer(room), nextLookMs: { idle: 0, busy: 0 }, putOff: false };
    clusters.set(cluster, state);
    for (const priority of priorities) receivers.push(receive({ cluster, priority }, state.buffer));
    return state;
  }

  async function receive(lane: Lane, buffer: FairBuffer): Promise<void> {
    let isFailing = false;
    while (!closing.signal.aborted) {
      try {
        for await (const delivery of broker.receive(lane, closing.signal)) {
          isFailing = false;
          await buffer.add(delivery, closing.signal);
        }
      } catch (cause) {
        if (closing.signal.aborted) return;
        if (!isFailing) observe({ kind: "receiving-failed", lane, cause: cause as Error });
        isFailing = true;
      }
      await delay(pauseAfterFailureMs, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
    }
  }

  async function look(state: ClusterState, claimant: Claimant, most: number, nowMs: number) {
    const { buffer, nextLookMs } = state;
    const due = buffer.size > 0 ? nextLookMs.busy : state.putOff ? 0 : nextLookMs.idle;
    if (performance.now() < due) return [];
    const found = await stores.queue.claim(claimant, most, nowMs);
    nextLookMs.busy = performance.now() + looks.busyMs;
    if (found.length === 0) {
      nextLookMs.idle = performance.now() + looks.idleMs;
      if (state.putOff) state.putOff = (await stores.queue.length(claimant.cluster)).queued > 0;
    }
    return found;
  }

  async function claimBuffered(state: ClusterState, claimant: Claimant, most: number, nowMs: number) {
    const claimed: Report[] = [];
    while (claimed.length < most) {
      const deliveries = state.buffer.take(most - claimed.length, claimant.shares);
      if (deliveries.length === 0) break;
      try {
        const waiting = deliveries.map((delivery) => delivery.waiting);
        const claims = await outbox.claim(waiting, claimant, nowMs);
        for (const claim of claims) {
          if (claim.kind === "claimed") claimed.push(claim.report);
          if (claim.kind === "busy") state.putOff = true;
        }
      } catch (error) {
        state.buffer.putBack(deliveries);
        // What was claimed before is not lost with this answer: its lease is held.
        if (claimed.length > 0) return claimed;
        throw error;
      }
      for (const delivery of deliveries) delivery.done();
    }
    return claimed;
  }

  return {
    async claim(claimant, most, nowMs) {
      const state = stateOf(claimant.cluster);
      const found = await look(state, claimant, most, nowMs);
      return [...found, ...(await claimBuffered(state, claimant, most - found.length, nowMs))];
    },
    async wait(cluster, signal) {
      const state = stateOf(cluster);
      const enough = new AbortController();
      const either = AbortSignal.any([signal, enough.signal]);
      const untilLookMs = Math.max(0, Math.min(longestWaitMs, state.nextLookMs.idle - performance.now()));
      await Promise.race([
        state.buffer.filled(either),
        // A report that was put off may be claimed at any change.
        state.putOff
          ? stores.queue.wait(cluster, either)
          : delay(untilLookMs, undefined, { signal: either, ref: false }).catch(() => undefined),
      ]);
      enough.abort();
    },
    length: (cluster) => stores.queue.length(cluster),
    ...(running && { running }),
    async backlog() {
      const lanes = [...clusters.keys()].flatMap((cluster) => priorities.map((priority) => ({ cluster, priority })));
      const lags = await Promise.all(lanes.map((lane) => broker.lag(lane)));
      return { unpublished: await outbox.length(), undelivered: lags.reduce((sum, lag) => sum + lag, 0) };
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      const ended = Promise.all([relay[Symbol.asyncDispose](), ...receivers]);
      // Whoever waits for an answer of a broker that gives none is freed by the end of the connection.
      await Promise.race([ended, delay(patienceAtEndMs, undefined, { ref: false })]);
      await broker[Symbol.asyncDispose]();
      await ended;
    },
  };
}

type ClusterState = {
  readonly buffer: FairBuffer;
  readonly nextLookMs: { idle: number; busy: number };
  /** Whether messages were let go whose reports wait all the same. */
  putOff: boolean;
};
