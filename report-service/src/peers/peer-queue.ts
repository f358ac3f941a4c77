import type { QueueLength } from "../model/admission.ts";
import type { Report, WorkerCluster } from "../model/report.ts";
import type { Clock } from "../ports/clock.ts";
import { HomeUnavailable } from "../ports/home-unavailable.ts";
import type { JobQueue } from "../ports/job-queue.ts";
import type { PeerNote, PeerStore } from "../ports/peer-store.ts";
import type { Stores } from "../ports/stores.ts";
import { timeAt } from "./time-at.ts";

type Peer = Pick<PeerStore, "datacenter" | "state" | "stores">;

const tellAgainMs = 10_000;

/**
 * The own queue, and those of the peers whose database was promoted here. Each claim begins with another one of them, so
 * that neither what is taken over nor what is the own keeps the other waiting.
 */
export function claimFromPeers(
  own: JobQueue,
  clock: Clock,
  peers: readonly Peer[],
  observe: (note: PeerNote) => void,
): JobQueue {
  const turns = new Map<WorkerCluster, number>();
  const toldAtMs = new Map<string, number>();

  /** All workers meet the same failure, again and again. */
  function tell({ datacenter }: Peer, cause: Error): void {
    const nowMs = performance.now();
    if (nowMs - (toldAtMs.get(datacenter) ?? Number.NEGATIVE_INFINITY) < tellAgainMs) return;
    toldAtMs.set(datacenter, nowMs);
    observe({ kind: "peer-failed", datacenter, cause });
  }

  const takenOver = () => peers.filter((peer) => peer.state().writable === "here");

  /** What goes wrong with a peer must not keep workers from the own queue. */
  async function ofPeer<T>(peer: Peer, ask: (stores: Stores) => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await ask(await peer.stores());
    } catch (cause) {
      // One that is away has said so itself.
      if (!(cause instanceof HomeUnavailable)) tell(peer, cause as Error);
      return otherwise;
    }
  }

  async function running(cluster: WorkerCluster): Promise<number> {
    const ofPeers = takenOver().map((peer) =>
      ofPeer(peer, async ({ queue }) => (await queue.running?.(cluster)) ?? 0, 0),
    );
    const counts = await Promise.all([own.running?.(cluster) ?? 0, ...ofPeers]);
    return counts.reduce((all, count) => all + count, 0);
  }

  return {
    ...own,
    async claim(claimant, most, nowMs) {
      const open = takenOver();
      if (open.length === 0) return own.claim(claimant, most, nowMs);
      const places = [undefined, ...open];
      const turn = turns.get(claimant.cluster) ?? 0;
      turns.set(claimant.cluster, turn + 1);
      const claimed: Report[] = [];
      for (let nth = 0; nth < places.length && claimed.length < most; nth += 1) {
        const peer = places[(turn + nth) % places.length];
        const left = most - claimed.length;
        const found = peer
          ? await ofPeer(peer, (stores) => stores.queue.claim(claimant, left, timeAt(stores, clock, nowMs)), [])
          : await own.claim(claimant, left, nowMs);
        claimed.push(...found);
      }
      return claimed;
    },
    async wait(cluster, signal) {
      const open = takenOver();
      if (open.length === 0) return own.wait(cluster, signal);
      const first = new AbortController();
      const either = AbortSignal.any([signal, first.signal]);
      const waits = open.map((peer) => ofPeer(peer, ({ queue }) => queue.wait(cluster, either), undefined));
      await Promise.race([own.wait(cluster, either), ...waits]);
      first.abort();
    },
    async length(cluster) {
      const lengths = takenOver().map((peer) => ofPeer(peer, ({ queue }) => queue.length(cluster), { queued: 0 }));
      return (await Promise.all([own.length(cluster), ...lengths])).reduce(sum);
    },
    ...(own.running && { running }),
  };
}

function sum(one: QueueLength, other: QueueLength): QueueLength {
  const oldest = Math.min(
    one.oldestQueuedAtMs ?? Number.POSITIVE_INFINITY,
    other.oldestQueuedAtMs ?? Number.POSITIVE_INFINITY,
  );
  return { queued: one.queued + other.queued, ...(Number.isFinite(oldest) && { oldestQueuedAtMs: oldest }) };
}
