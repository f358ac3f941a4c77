import { isMadeIn } from "../model/report-id.ts";
import type { PeerStore } from "../ports/peer-store.ts";

/** Where a report or an upload may be: in the own data center's store, or in a peer's. */
export type Home = { readonly kind: "own" } | { readonly kind: "peer"; readonly peer: PeerStore };

const own: Home = { kind: "own" };

/**
 * Where to look for an id, the likeliest first. An id that was made tells its data center; of one that a client has chosen
 * nobody knows, and it may look like any other.
 */
export function homesOf(id: string, datacenter: string, peers: readonly PeerStore[]): readonly [Home, ...Home[]] {
  if (isMadeIn(datacenter, id)) return [own];
  const peer = peers.find((one) => isMadeIn(one.datacenter, id));
  if (peer) return [{ kind: "peer", peer }, own];
  return [own, ...peers.map((one) => ({ kind: "peer", peer: one }) as const)];
}

/** The first home's answer that is one; that a home could not be asked is an answer only where no other one has any. */
export async function askInTurn<T>(
  homes: readonly Home[],
  ask: (home: Home) => Promise<T | undefined>,
): Promise<T | undefined> {
  const failures: unknown[] = [];
  for (const home of homes) {
    try {
      const answer = await ask(home);
      if (answer !== undefined) return answer;
    } catch (cause) {
      failures.push(cause);
    }
  }
  if (failures.length > 0) throw failures[0];
  return undefined;
}
