import type { ViewerKey } from "../model/viewer.ts";
import { type Chain, createChain } from "./chain.ts";
import type { Resources } from "./pack.ts";
import type { SnapshotStep } from "./snapshot.ts";

/** The snapshots of viewers whose resources someone else makes. */
export type Viewers = {
  /** Throws, and changes nothing, when two resources of a type have the same name. */
  set(key: ViewerKey, resources: Partial<Resources>): void;
  /** Lets a viewer's resources go as soon as nobody holds a lease on them. */
  forget(key: ViewerKey): void;
  current(key: ViewerKey): SnapshotStep | undefined;
  /** `onStep` is called after each new step, never from within `lease`. */
  lease(key: ViewerKey, onStep: () => void): Disposable & { readonly key: string; current(): SnapshotStep | undefined };
};

type Place = { readonly chain: Chain; kept: boolean; demand: AbortController | undefined };

const nothing: Resources = { clusters: [], endpoints: [], listeners: [], routes: [] };

/** `wanted` is told of the first lease on a viewer; its signal aborts with the last one. */
export function createViewers(wanted: (key: ViewerKey, signal: AbortSignal) => void): Viewers {
  const places = new Map<ViewerKey, Place>();
  let revision = 0;

  function placeOf(key: ViewerKey): Place {
    const place = places.get(key) ?? { chain: createChain(key), kept: false, demand: undefined };
    places.set(key, place);
    return place;
  }

  // Names of viewers come from clients: one that was never set is not kept beyond them.
  function leaveUnlessNeeded(key: ViewerKey): void {
    const place = places.get(key);
    if (place !== undefined && !place.kept && place.chain.watchers() === 0) places.delete(key);
  }

  return {
    set(key, resources) {
      const place = placeOf(key);
      place.kept = true;
      revision += 1;
      place.chain.publish({ ...nothing, ...resources }, revision);
    },
    forget(key) {
      const place = places.get(key);
      if (place === undefined) return;
      place.kept = false;
      leaveUnlessNeeded(key);
    },
    current: (key) => places.get(key)?.chain.current(),
    lease(key, onStep) {
      const place = placeOf(key);
      if (place.demand === undefined) {
        place.demand = new AbortController();
        // Before this lease watches: what is set from within is found by `current`.
        wanted(key, place.demand.signal);
      }
      const watching = place.chain.watch(onStep);
      return {
        key,
        current: place.chain.current,
        [Symbol.dispose]() {
          watching[Symbol.dispose]();
          if (place.chain.watchers() > 0) return;
          place.demand?.abort();
          place.demand = undefined;
          leaveUnlessNeeded(key);
        },
      };
    },
  };
}
