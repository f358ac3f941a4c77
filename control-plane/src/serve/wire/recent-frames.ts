import type { Framed } from "@weir/proto/grpc/framed.ts";

/** Frames that were made lately, by what they carry. */
export type RecentFrames = {
  /** The frame of `carried` as told by `about`, made if it is not there. */
  of(carried: WeakKey, about: string, make: () => Framed): Framed;
};

/**
 * Keeps the latest frames, so that what goes to a thousand clients alike is put together once: one of each thing carried, at
 * most so many and so many bytes in all, so that a thousand clients that differ do not fill the memory.
 */
export function createRecentFrames({ count = 64, bytes = 32 * 1024 * 1024 } = {}): RecentFrames {
  const kept = new Map<WeakKey, { readonly about: string; readonly framed: Framed }>();
  let total = 0;

  function drop(carried: WeakKey): void {
    total -= kept.get(carried)?.framed.frame.length ?? 0;
    kept.delete(carried);
  }

  return {
    of(carried, about, make) {
      const known = kept.get(carried);
      if (known?.about === about) return known.framed;
      const framed = make();
      drop(carried);
      kept.set(carried, { about, framed });
      total += framed.frame.length;
      for (const oldest of kept.keys()) {
        if (kept.size <= count && total <= bytes) break;
        drop(oldest);
      }
      return framed;
    },
  };
}
