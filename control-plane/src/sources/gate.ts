import type { Feed, FeedKey, FeedStates } from "./feed.ts";

export type Gate =
  | { readonly kind: "hold"; readonly waitingFor: readonly FeedKey[] }
  /** `missing`: feeds that are served without; `merge` says which services that touches. */
  | { readonly kind: "serve"; readonly missing: readonly FeedKey[] };

/**
 * May a control plane that has just started begin to serve? A world made too early tells every proxy that what is not known
 * yet is gone. So nothing is served until each demanded feed has spoken; feeds that are overdue are waited for no longer, lest
 * one dead data center holds all others; but a world of which nothing at all is known is never served, however long that takes.
 * Once opened the gate stays open: that is for the caller to remember.
 */
export function gate(demanded: ReadonlyMap<FeedKey, Feed>, states: FeedStates): Gate {
  const waitingFor: FeedKey[] = [];
  let overdue = 0;
  for (const key of demanded.keys()) {
    const state = states.get(key)?.state;
    if (state && state.kind !== "waiting") continue;
    waitingFor.push(key);
    if (state?.overdue) overdue++;
  }
  const nothingKnown = waitingFor.length > 0 && waitingFor.length === demanded.size;
  if (nothingKnown || overdue < waitingFor.length) return { kind: "hold", waitingFor };
  return { kind: "serve", missing: waitingFor };
}
