import type { Latest } from "../lib/latest.ts";
import type { Problem } from "../lib/parsed.ts";
import type { ServiceName } from "../model/names.ts";
import { type Viewer, type ViewerKey, viewerKey } from "../model/viewer.ts";
import type { World } from "../model/world.ts";
import type { Translate } from "../translate/resource-set.ts";
import { dangling } from "./dangling.ts";
import { diff } from "./diff.ts";
import { pack } from "./pack.ts";
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
  /** The newest world that every leased viewer has been given. */
  readonly published: Latest<World>;
};

type Seat = {
  readonly viewer: Viewer;
  readonly key: ViewerKey;
  readonly watchers: Set<() => void>;
  world: World | undefined;
  step: SnapshotStep | undefined;
};

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

  function renew(seat: Seat, world: World): boolean {
    seat.world = world;
    const started = clock();
    try {
      const { resources, leftOut } = translate(world, seat.viewer);
      const snapshot = pack(resources, seat.key, world.revision, seat.step?.snapshot);
      const changes = diff(seat.step?.snapshot, snapshot);
      for (const [service, problems] of leftOut) observe({ kind: "left-out", viewer: seat.key, service, problems });
      if (changes.length === 0 && seat.step !== undefined) return false;
      for (const { from, to } of dangling(snapshot))
        observe({ kind: "dangling", viewer: seat.key, from: `${from.type} ${from.name}`, to });
      const step: SnapshotStep = { snapshot, changes, following: undefined };
      if (seat.step !== undefined) seat.step.following = step;
      seat.step = step;
      const count = (of: (change: (typeof changes)[number]) => number) =>
        changes.reduce((sum, change) => sum + of(change), 0);
      observe({
        kind: "published",
        viewer: seat.key,
        revision: world.revision,
        changed: count(({ changed }) => changed.length),
        removed: count(({ removed }) => removed.length),
        tookMs: clock() - started,
      });
      return true;
    } catch (thrown) {
      const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
      observe({ kind: "withheld", viewer: seat.key, revision: world.revision, cause });
      return false;
    }
  }

  function forgetUnleased(): void {
    const unleased = [...seats.values()].filter(({ watchers }) => watchers.size === 0);
    for (const { key } of unleased.slice(0, Math.max(0, unleased.length - keptUnleased))) seats.delete(key);
  }

  return {
    published,
    publish(world) {
      newest = world;
      for (const seat of seats.values()) {
        if (seat.watchers.size > 0 && renew(seat, world)) for (const wake of seat.watchers) wake();
      }
      published.set(world);
    },
    lease(viewer, onStep) {
      const key = viewerKey(viewer);
      const seat: Seat = seats.get(key) ?? { viewer, key, watchers: new Set(), world: undefined, step: undefined };
      seats.set(key, seat);
      if (newest !== undefined && seat.world !== newest) renew(seat, newest);
      // A function of its own for each lease: two leases may be given the same callback.
      const wake = () => onStep();
      seat.watchers.add(wake);
      return {
        key,
        current: () => seat.step,
        [Symbol.dispose]() {
          seat.watchers.delete(wake);
          if (seat.watchers.size === 0) forgetUnleased();
        },
      };
    },
  };
}
