import type { PeerNote, PeerStore } from "../ports/peer-store.ts";
import type { Stores } from "../ports/stores.ts";
import type { UploadStore } from "../ports/upload-store.ts";
import { askInTurn, homesOf } from "./home-of.ts";
import { noticesOfPeers } from "./peer-notices.ts";
import { claimFromPeers } from "./peer-queue.ts";
import { reachPeers } from "./peer-reports.ts";

export type PeersParts = {
  /** This one. */
  readonly datacenter: string;
  readonly peers: readonly PeerStore[];
  readonly observe: (note: PeerNote) => void;
};

/** The same stores, which also reach what is kept by other data centers; cleaning stays each data center's own work. */
export function withPeers<S extends Stores>(stores: S, { datacenter, peers, observe }: PeersParts): S {
  if (peers.length === 0) return stores;
  const { reports, queue, uploads, notices } = stores;
  return {
    ...stores,
    reports: reachPeers(reports, datacenter, peers),
    queue: claimFromPeers(queue, peers, observe),
    uploads: reachUploads(uploads, datacenter, peers),
    notices: noticesOfPeers(notices, peers, observe),
  };
}

function reachUploads(own: UploadStore, datacenter: string, peers: readonly PeerStore[]): UploadStore {
  return {
    ...own,
    read: (key, signal) =>
      askInTurn(homesOf(key.id, datacenter, peers), (home) =>
        home.kind === "own" ? own.read(key, signal) : home.peer.readUpload(key, signal),
      ),
    complete: (key, nowMs) =>
      askInTurn(homesOf(key.id, datacenter, peers), async (home) =>
        (home.kind === "own" ? own : (await home.peer.stores()).uploads).complete(key, nowMs),
      ),
  };
}
