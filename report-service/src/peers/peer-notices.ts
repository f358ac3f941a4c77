import type { Report } from "../model/report.ts";
import type { Clock } from "../ports/clock.ts";
import type { Notices } from "../ports/notices.ts";
import type { PeerNote, PeerStore } from "../ports/peer-store.ts";
import { timeAt } from "./time-at.ts";

/** The own notices, and those of the peers whose database was promoted here: nobody else sends them then. */
export function noticesOfPeers(
  own: Notices,
  clock: Clock,
  peers: readonly Pick<PeerStore, "datacenter" | "state" | "stores">[],
  observe: (note: PeerNote) => void,
): Notices {
  async function ofPeer(peer: (typeof peers)[number], beforeMs: number, limit: number): Promise<readonly Report[]> {
    try {
      const stores = await peer.stores();
      return await stores.notices.due(timeAt(stores, clock, beforeMs), limit);
    } catch (cause) {
      observe({ kind: "peer-failed", datacenter: peer.datacenter, cause: cause as Error });
      return [];
    }
  }

  return {
    async due(beforeMs, limit) {
      const open = peers.filter((peer) => peer.state().writable === "here");
      if (open.length === 0) return own.due(beforeMs, limit);
      const asked = [own.due(beforeMs, limit), ...open.map((peer) => ofPeer(peer, beforeMs, limit))];
      const due = (await Promise.all(asked)).flat();
      return due.sort((a, b) => (a.notice?.dueMs ?? 0) - (b.notice?.dueMs ?? 0)).slice(0, limit);
    },
  };
}
