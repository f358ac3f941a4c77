import type { Gauge, Registry } from "prom-client";
import type { PeerStore } from "../ports/peer-store.ts";
import { answered } from "./answered.ts";

const places = ["here", "there", "nowhere"] as const;

export type MeasuredPeers = {
  readonly peers: readonly PeerStore[];
  /** As `createObjectsLook` has it. */
  readonly objectsBehind: () => Promise<ReadonlyMap<string, number>>;
};

/** How the databases of other data centers are reached, and their objects copied; nothing where there are none. */
export function measurePeers(
  { peers, objectsBehind }: MeasuredPeers,
  make: typeof Gauge,
  registers: readonly Registry[],
): void {
  if (peers.length === 0) return;
  for (const [access, help] of [
    ["readable", "1 where a data center's reports are read: from its replica here, from there, or nowhere."],
    ["writable", "1 where its database takes changes; here: its replica was promoted, and its reports are made here."],
  ] as const) {
    new make({
      ...{ name: `report_peer_${access}`, help, registers: [...registers], labelNames: ["peer", "where"] as const },
      collect() {
        for (const peer of peers) {
          const at = peer.state()[access];
          for (const where of places) this.set({ peer: peer.datacenter, where }, at === where ? 1 : 0);
        }
      },
    });
  }
  new make({
    name: "report_peer_replication_lag_seconds",
    help: "How far the replica here is behind; absent where that is unknown, or where it was promoted.",
    registers: [...registers],
    labelNames: ["peer"] as const,
    collect() {
      this.reset();
      for (const peer of peers) {
        const { lagMs } = peer.state();
        if (lagMs !== undefined) this.set({ peer: peer.datacenter }, lagMs / 1000);
      }
    },
  });
  new make({
    name: "report_objects_behind_seconds",
    help: "How old the oldest sampled report is that another data center made and whose bytes are not here; absent where unknown.",
    registers: [...registers],
    labelNames: ["datacenter"] as const,
    async collect() {
      this.reset();
      for (const [datacenter, ageMs] of (await answered(objectsBehind)) ?? []) this.set({ datacenter }, ageMs / 1000);
    },
  });
}
