import type { Latest } from "../lib/latest.ts";
import type { Problem } from "../lib/parsed.ts";
import type { ServiceName } from "../model/names.ts";
import { type Viewer, type ViewerKey, viewerKey } from "../model/viewer.ts";
import type { World } from "../model/world.ts";
import type { Translate } from "../translate/resource-set.ts";
import { type Chain, createChain } from "./chain.ts";
import { dangling } from "./dangling.ts";
import type { SnapshotStep } from "./snapshot.ts";

export type SnapshotNote =
  | {
      readonly kind: "published";
      readonly viewer: ViewerKey;
      readonly revision: number;
      readonly changed: number;
      readonly removed: number;
      readonly tookMs: number;
    }
  /** Translation threw: the viewer keeps its last snapshot. */
  | { readonly kind: "withheld"; readonly viewer: ViewerKey; readonly revision: number; readonly cause: Error }
  | {
      readonly kind: "left-out";
      readonly viewer: ViewerKey;
      readonly service: ServiceName;
      readonly problems: readonly Problem[];
    }
  | { readonly kind: "dangling"; readonly viewer: ViewerKey; readonly from: string; readonly to: string };

/** A viewer's snapshots, kept current while anyone holds a lease on them. */
export type Lease = Disposable & {
  readonly key: ViewerKey;
  /** The newest step; undefined while nothing may be served yet. */
  current(): SnapshotStep | undefined;
};

export type Snapshots = {
  /** `onStep` is called after each new step of the viewer, never from within `lease`. */
  lease(viewer: Viewer, onStep: () => void): Lease;
  /** Publishes this world to every leased viewer; resolves when all of them have it. */
  publish(world: World): void;
  /** Those that anyone holds a lease on. */
  leased(): readonly Viewer[];
  /** The newest world that every leased viewer has been given. */
  readonly published: Latest<World>;
};

type Seat = { readonly viewer: Viewer; readonly chain: Chain; world: World | undefined };

/** Viewers that nobody holds are kept for those that come back, so that a restarted client costs no translation. */
const keptUnleased = 64;

/** Makes and keeps the snapshots: one for each viewer, however many clients it has. */
export function createSnapshots({
  translate,
  published,
  observe,
  clock = () => performance.now(),
}: {
  readonly translate: Translate;
  readonly published: Latest<World>;
  readonly observe: (note: SnapshotNote) => void;
  readonly clock?: () => number;
}): Snapshots {
  const seats = new Map<ViewerKey, Seat>();
  let newest: World | undefined;

  function renew(seat: Seat, world: World): void {
    const { viewer, chain } = seat;
    const started = clock();
    seat.world = world;
    try {
      const { resources, leftOut } = translate(world, viewer);
      for (const [service, problems] of leftOut) observe({ kind: "left-out", viewer: chain.key, service, problems });
      const step = chain.publish(resources, world.revision);
      if (step === undefined) return;
      for (const { from, to } of dangling(step.snapshot))
        observe({ kind: "dangling", viewer: chain.key, from: `${from.type} ${from.name}`, to });
      observe({
        kind: "published",
        viewer: chain.key,
        revision: world.revision,
        ...extentOf(step),
        tookMs: clock() - started,
      });
    } catch (thrown) {
      const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
      observe({ kind: "withheld", viewer: chain.key, revision: world.revision, cause });
    }
  }

  function forgetUnleased(): void {
    const unleased = [...seats.values()].filter(({ chain }) => chain.watchers() === 0);
    for (const { chain } of unleased.slice(0, Math.max(0, unleased.length - keptUnleased))) seats.delete(chain.key);
  }

  return {
    published,
    leased: () => [...seats.values()].filter(({ chain }) => chain.watchers() > 0).map(({ viewer }) => viewer),
    publish(world) {
      newest = world;
      for (const seat of seats.values()) if (seat.chain.watchers() > 0) renew(seat, world);
      published.set(world);
    },
    lease(viewer, onStep) {
      const key = viewerKey(viewer);
      const seat: Seat = seats.get(key) ?? { viewer, chain: createChain(key), world: undefined };
      seats.set(key, seat);
      if (newest !== undefined && seat.world !== newest) renew(seat, newest);
      const watch = seat.chain.watch(onStep);
      return {
        key,
        current: seat.chain.current,
        [Symbol.dispose]() {
          watch[Symbol.dispose]();
          forgetUnleased();
        },
      };
    },
  };
}

function extentOf({ changes }: SnapshotStep): { readonly changed: number; readonly removed: number } {
  let [changed, removed] = [0, 0];
  for (const change of changes) {
    changed += change.changed.length;
    removed += change.removed.length;
  }
  return { changed, removed };
}
