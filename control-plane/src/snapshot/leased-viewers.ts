import { type Viewer, type ViewerKey, viewerKey } from "../model/viewer.ts";

/** Gives leases, and knows for which viewers any are held. */
export type LeasedViewers<L extends Disposable> = {
  lease(viewer: Viewer, onStep: () => void): L;
  leased(): readonly Viewer[];
};

/** Counts the leases that are given. */
export function leasedViewers<L extends Disposable>(give: (viewer: Viewer, onStep: () => void) => L): LeasedViewers<L> {
  const held = new Map<ViewerKey, { readonly viewer: Viewer; leases: number }>();
  return {
    leased: () => [...held.values()].map(({ viewer }) => viewer),
    lease(viewer, onStep) {
      const lease = give(viewer, onStep);
      const key = viewerKey(viewer);
      const entry = held.get(key) ?? { viewer, leases: 0 };
      held.set(key, entry);
      entry.leases += 1;
      const letGo = lease[Symbol.dispose].bind(lease);
      let isHeld = true;
      return {
        ...lease,
        [Symbol.dispose]() {
          letGo();
          if (!isHeld) return;
          isHeld = false;
          entry.leases -= 1;
          if (entry.leases === 0) held.delete(key);
        },
      };
    },
  };
}
