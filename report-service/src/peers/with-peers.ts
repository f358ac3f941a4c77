import type { Clock } from "../ports/clock.ts";
import type { PeerNote, PeerStore } from "../ports/peer-store.ts";
import type { Stores } from "../ports/stores.ts";
import type { UploadStore } from "../ports/upload-store.ts";
import { askInTurn, homesOf } from "./home-of.ts";
import { noticesOfPeers } from "./peer-notices.ts";
import { claimFromPeers } from "./peer-queue.ts";
import { reachPeers } from "./peer-reports.ts";
import { timeAt } from "./time-at.ts";

export type PeersParts = {
  /** This one. */
  readonly datacenter: string;
  readonly peers: readonly PeerStore[];
  readonly observe: (note: PeerNote) => void;
};

/** The same stores, which also reach what is kept by other data centers; cleaning stays each data center's own work. */
export function withPeers<S extends Stores>(stores: S, { datacenter, peers, observe }: PeersParts): S {
  if (peers.length === 0) return stores;
  const { reports, queue, uploads, notices, clock } = stores;
  return {
    ...stores,
    reports: reachPeers(reports, clock, datacenter, peers),
    queue: claimFromPeers(queue, clock, peers, observe),
    uploads: reachUploads(uploads, clock, datacenter, peers),
    notices: noticesOfPeers(notices, clock, peers, observe),
  };
}

function reachUploads(own: UploadStore, clock: Clock, datacenter: string, peers: readonly PeerStore[]): UploadStore {
  return {
    ...own,
    read: (key, signal) =>
      askInTurn(homesOf(key.id, datacenter, peers), (home) =>
        home.kind === "own" ? own.read(key, signal) : home.peer.readUpload(key, signal),
      ),
    complete: (key, nowMs) =>
      askInTurn(homesOf(key.id, datacenter, peers), async (home) => {
        if (home.kind === "own") return own.complete(key, nowMs);
        const stores = await home.peer.stores();
        return stores.uploads.complete(key, timeAt(stores, clock, nowMs));
      }),
  };
}
